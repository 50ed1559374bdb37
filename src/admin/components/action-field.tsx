import { useTranslation } from 'adminjs';
import type { ChangeEvent } from 'react';

export interface Field {
  name: string;
  /** `statement`: a sum with its currency, as a bank writes it. */
  input: 'credits' | 'money' | 'choice' | 'reason' | 'text' | 'date' | 'statement' | 'select' | 'months' | 'email';
  /** Asks for the reason in other words. */
  label?: string;
  /** May stay empty. */
  optional?: boolean;
  /** A text that the reason begins with. */
  prefilled?: string;
}

interface ActionFieldProps {
  field: Field;
  texts: string;
  value: string;
  set: (name: string, value: string) => void;
  /** Beside a choice that cannot be made now. */
  closed?: 'yes' | 'no' | undefined;
  /** What the hint of an amount says. */
  most?: string;
  /** Of an amount of money. */
  currency?: string;
  /** What can be chosen, by value. */
  options?: Readonly<Record<string, string>>;
  /** The currency that was typed beside a sum. */
  bankCurrency?: string;
}

/** One field of an action's form, with its texts below `panel.actions.<action>`. */
export function ActionField(props: ActionFieldProps) {
  switch (props.field.input) {
    case 'reason':
      return <ReasonField {...props} />;
    case 'credits':
      return <CreditsField {...props} />;
    case 'money':
      return <MoneyField {...props} />;
    case 'choice':
      return <ChoiceField {...props} />;
    case 'select':
      return <SelectField {...props} />;
    case 'months':
    case 'email':
    case 'text':
    case 'date':
    case 'statement':
      return <StatementField {...props} />;
  }
}

function ReasonField({ field: { name, label = 'panel.reason' }, value, set }: ActionFieldProps) {
  const { t } = useTranslation();
  const change = (event: ChangeEvent<HTMLTextAreaElement>) => {
    set(name, event.target.value);
  };
  return (
    <label className="p-field">
      <span>{t(label)}</span>
      <textarea name={name} rows={3} maxLength={500} required value={value} onChange={change} />
      <small>{t('panel.reasonHint')}</small>
    </label>
  );
}

function CreditsField({ field: { name }, texts, value, set }: ActionFieldProps) {
  const { t } = useTranslation();
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

function MoneyField({ field: { name }, texts, value, set, most, currency }: ActionFieldProps) {
  const { t } = useTranslation();
  return (
    <label className="p-field p-short">
      <span>{t(`${texts}.amount`)}</span>
      <span className="p-money">
        <input
          name={name}
          inputMode="decimal"
          required
          autoFocus
          autoComplete="off"
          maxLength={20}
          value={value}
          onChange={(event) => {
            set(name, event.target.value.trim());
          }}
        />
        <span className="p-unit">{currency}</span>
      </span>
      <small>{t(`${texts}.amountHint`, { most })}</small>
    </label>
  );
}

function ChoiceField({ field: { name }, texts, value, set, closed }: ActionFieldProps) {
  const { t } = useTranslation();
  return (
    <fieldset className="p-field">
      <legend>{t(`${texts}.${name}.legend`)}</legend>
      {(['yes', 'no'] as const).map((choice) => (
        <label key={choice} className="p-choice">
          <input
            type="radio"
            name={name}
            value={choice}
            checked={value === choice}
            disabled={choice === closed}
            onChange={() => {
              set(name, choice);
            }}
          />
          {t(`${texts}.${name}.${choice}`)}
        </label>
      ))}
    </fieldset>
  );
}

function SelectField({ field: { name }, texts, value, set, options = {} }: ActionFieldProps) {
  const { t } = useTranslation();
  const change = (event: ChangeEvent<HTMLSelectElement>) => {
    set(name, event.target.value);
  };
  return (
    <label className="p-field p-short">
      <span>{t(`${texts}.${name}`)}</span>
      <select name={name} required autoFocus value={value} onChange={change}>
        <option value="" disabled hidden />
        {Object.entries(options).map(([option, label]) => (
          <option key={option} value={option}>
            {label}
          </option>
        ))}
      </select>
    </label>
  );
}

/** A line of text, a day, or a sum as it stands on a bank's statement. */
function StatementField({
  field: { name, input, optional = false },
  texts,
  value,
  set,
  bankCurrency = '',
}: ActionFieldProps) {
  const { t, tp } = useTranslation();
  const change = (of: string) => (event: ChangeEvent<HTMLInputElement>) => {
    set(of, event.target.value);
  };
  const common = { name, required: !optional, value, autoComplete: 'off', onChange: change(name) };
  return (
    <label className={input === 'text' || input === 'email' ? 'p-field' : 'p-field p-short'}>
      <span>{t(`${texts}.${name}`)}</span>
      {input === 'text' && <input {...common} maxLength={140} autoFocus />}
      {input === 'email' && <input {...common} type="email" maxLength={254} autoFocus />}
      {input === 'months' && <input {...common} type="number" min={1} max={24} step={1} />}
      {input === 'date' && <input {...common} type="date" />}
      {input === 'statement' && (
        <span className="p-money">
          <input {...common} inputMode="decimal" pattern="[0-9]+([.][0-9]+)?" placeholder="9.99" />
          <input
            name="bankCurrency"
            aria-label={tp('currency')}
            required
            maxLength={3}
            pattern="[A-Z]{3}"
            value={bankCurrency}
            onChange={change('bankCurrency')}
          />
        </span>
      )}
      <small>{t(`${texts}.${name}Hint`)}</small>
    </label>
  );
}
