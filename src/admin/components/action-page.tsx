import { useTranslation, type ActionProps } from 'adminjs';
import { useState, type FormEvent } from 'react';
import { ActionField, type Field } from './action-field.tsx';
import { effects, type Facts } from './effects.ts';
import { Problem, useSend } from './send.tsx';

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
  recordTransfer: [
    { name: 'bankReference', input: 'text' },
    { name: 'bankAmount', input: 'money' },
    { name: 'bankDate', input: 'date' },
    { name: 'reason', input: 'reason', label: 'panel.actions.recordTransfer.reason' },
  ],
  confirmTransfer: [{ name: 'reason', input: 'reason', label: 'panel.actions.confirmTransfer.reason' }],
};

function fieldsOf(name: string, facts: Facts): readonly Field[] {
  const all = fields[name] ?? [{ name: 'reason', input: 'reason' }];
  // What goes back is given by the refund: it is sent as it is or not at all.
  return facts['context'] === 'outgoing' ? all.filter(({ input }) => input !== 'money') : all;
}

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
  const [values, setValues] = useState<Record<string, string>>({
    atPeriodEnd: canWait ? 'yes' : 'no',
    bankCurrency: String(facts['currency']),
  });
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
      {fieldsOf(action.name, facts).map((field) => (
        <ActionField key={field.name} field={field} texts={texts} values={values} set={set} canWait={canWait} />
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
  if (name === 'recordTransfer') {
    const { bankReference, bankDate, bankAmount, bankCurrency } = values;
    return { reason, bankReference, bankDate, ...(bankAmount !== undefined && { bankAmount, bankCurrency }) };
  }
  return { reason };
}
