import { useTranslation, type ActionProps } from 'adminjs';
import { useState, type FormEvent } from 'react';
import { effects, type Facts } from './effects.ts';
import { Problem, useSend } from './send.tsx';

interface Field {
  name: string;
  input: 'credits' | 'choice' | 'reason';
  /** Asks for the reason in other words. */
  label?: string;
}

/** The fields of each action's form; `reason` is everywhere. */
const fields: Readonly<Record<string, readonly Field[]>> = {
  adjustCredits: [
    { name: 'amount', input: 'credits' },
    { name: 'reason', input: 'reason' },
  ],
  cancel: [
    { name: 'atPeriodEnd', input: 'choice' },
    { name: 'reason', input: 'reason' },
  ],
  resolve: [{ name: 'reason', input: 'reason', label: 'panel.actions.resolve.reason' }],
};

/** Says what will happen, asks why, and does it: for every action of `src/admin/actions/`. */
export function PanelAction(props: ActionProps) {
  const { t } = useTranslation();
  const preview = props.record?.params['preview'] as string | undefined;
  // Coming from another page of the row, AdminJS shows that page's answer until this one's is there.
  if (preview === undefined)
    return (
      <p className="p-quiet-text" role="status">
        {t('panel.loading')}
      </p>
    );
  return <ActionForm {...props} facts={JSON.parse(preview) as Facts} />;
}

function ActionForm({ action, resource, record, facts }: ActionProps & { facts: Facts }) {
  const { t, i18n } = useTranslation();
  const canWait = facts['endDate'] !== null && facts['cancelAtPeriodEnd'] !== true;
  const [values, setValues] = useState<Record<string, string>>({ atPeriodEnd: canWait ? 'yes' : 'no' });
  const { send, sending, problem } = useSend(resource.id, action.name, record?.id);
  if (record === undefined) return null;
  const texts = `panel.actions.${action.name}`;
  const set = (name: string, value: string) => {
    setValues((before) => ({ ...before, [name]: value }));
  };
  const lines = effects(action.name, facts, values, i18n.language, t);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void send(toBody(action.name, values, facts));
  };
  return (
    <form className="p-card p-action" onSubmit={submit} aria-busy={sending}>
      <p className="p-lead">{t(`${texts}.lead`, { ...facts })}</p>
      {(fields[action.name] ?? [{ name: 'reason', input: 'reason' }]).map((field) => (
        <ActionField
          key={field.name}
          field={field}
          texts={texts}
          value={values[field.name] ?? ''}
          set={set}
          canWait={canWait}
        />
      ))}
      {lines.length > 0 && (
        <div className="p-effects" role="status">
          <h2>{t('panel.whatHappens')}</h2>
          <ul>
            {lines.map((line) => (
              <li key={line}>{line}</li>
            ))}
          </ul>
        </div>
      )}
      <Problem problem={problem} />
      <div className="p-buttons">
        <button
          type="submit"
          className={`p-button ${action.variant === 'danger' ? 'p-danger' : ''}`}
          disabled={sending}
          data-testid="confirm"
        >
          {sending ? t('panel.sending') : confirmText(action.name, facts, values, i18n.language, t)}
        </button>
      </div>
    </form>
  );
}

type Translate = ReturnType<typeof useTranslation>['t'];

/** The button says what it does, in figures where there are any. */
function confirmText(name: string, facts: Facts, values: Record<string, string>, locale: string, t: Translate): string {
  const [line] = effects(name, facts, values, locale, t, 'confirm');
  return line ?? t(`panel.actions.${name}.confirm`);
}

function toBody(name: string, values: Record<string, string>, facts: Facts): Record<string, unknown> {
  const reason = values['reason'] ?? '';
  if (name === 'adjustCredits') return { reason, amount: Number(values['amount']), requestId: facts['requestId'] };
  if (name === 'cancel') return { reason, atPeriodEnd: values['atPeriodEnd'] === 'yes' };
  return { reason };
}

interface ActionFieldProps {
  field: Field;
  texts: string;
  value: string;
  set: (name: string, value: string) => void;
  canWait: boolean;
}

function ActionField({ field: { name, input, label = 'panel.reason' }, texts, value, set, canWait }: ActionFieldProps) {
  const { t } = useTranslation();
  if (input === 'reason') {
    return (
      <label className="p-field">
        <span>{t(label)}</span>
        <textarea
          name={name}
          rows={3}
          maxLength={500}
          required
          value={value}
          onChange={(event) => {
            set(name, event.target.value);
          }}
        />
        <small>{t('panel.reasonHint')}</small>
      </label>
    );
  }
  if (input === 'credits') {
    return (
      <label className="p-field p-short">
        <span>{t(`${texts}.amount`)}</span>
        <input
          name={name}
          inputMode="numeric"
          pattern="[+\-]?[1-9][0-9]{0,9}"
          required
          autoFocus
          placeholder="100"
          value={value}
          onChange={(event) => {
            set(name, event.target.value.trim());
          }}
        />
        <small>{t(`${texts}.amountHint`)}</small>
      </label>
    );
  }
  return (
    <fieldset className="p-field">
      <legend>{t(`${texts}.when`)}</legend>
      {(['yes', 'no'] as const).map((choice) => (
        <label key={choice} className="p-choice">
          <input
            type="radio"
            name={name}
            value={choice}
            checked={value === choice}
            disabled={choice === 'yes' && !canWait}
            onChange={() => {
              set(name, choice);
            }}
          />
          {t(`${texts}.${choice === 'yes' ? 'atPeriodEnd' : 'atOnce'}`)}
        </label>
      ))}
    </fieldset>
  );
}
