import { useTranslation } from 'adminjs';
import type { ChangeEvent } from 'react';

export interface Field {
  name: string;
  input: 'credits' | 'choice' | 'reason' | 'text' | 'money' | 'date';
  /** Asks for the reason in other words. */
  label?: string;
}

interface ActionFieldProps {
  field: Field;
  texts: string;
  values: Record<string, string>;
  set: (name: string, value: string) => void;
  canWait: boolean;
}

/** One input of an action's form. */
export function ActionField(props: ActionFieldProps) {
  const { field, texts, values, set, canWait } = props;
  const { name, input, label = 'panel.reason' } = field;
  const { t } = useTranslation();
  const value = values[name] ?? '';
  if (input === 'text' || input === 'date' || input === 'money') return <StatementField {...props} />;
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

/** What stands on a bank's statement. */
function StatementField({ field: { name, input }, texts, values, set }: ActionFieldProps) {
  const { t, tp } = useTranslation();
  const change = (of: string) => (event: ChangeEvent<HTMLInputElement>) => {
    set(of, event.target.value);
  };
  const common = { name, required: true, value: values[name] ?? '', autoComplete: 'off', onChange: change(name) };
  return (
    <label className={input === 'text' ? 'p-field' : 'p-field p-short'}>
      <span>{t(`${texts}.${name}`)}</span>
      {input === 'text' && <input {...common} maxLength={140} autoFocus />}
      {input === 'date' && <input {...common} type="date" />}
      {input === 'money' && (
        <span className="p-money">
          <input {...common} inputMode="decimal" pattern="[0-9]+([.][0-9]+)?" placeholder="9.99" />
          <input
            name="bankCurrency"
            aria-label={tp('currency')}
            required
            maxLength={3}
            pattern="[A-Z]{3}"
            value={values['bankCurrency'] ?? ''}
            onChange={change('bankCurrency')}
          />
        </span>
      )}
      <small>{t(`${texts}.${name}Hint`)}</small>
    </label>
  );
}
