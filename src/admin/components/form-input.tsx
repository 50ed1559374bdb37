import { useTranslation, type ResourceJSON } from 'adminjs';
import type { ChangeEvent, ReactNode } from 'react';
import type { FormField } from '../forms/form.ts';
import { FeaturesInput } from './features-input.tsx';
import { typed, type Feature, type PriceRow, type Values } from './form-values.ts';
import { LocalizedInput } from './localized-input.tsx';
import { PricesInput } from './prices-input.tsx';
import { ReferenceInput } from './reference-input.tsx';

export interface FormInputProps {
  field: FormField;
  resource: ResourceJSON;
  values: Values;
  set: (name: string, value: Values[string]) => void;
  error: string | undefined;
}

/** A label, the input for its kind, a hint, and what the server said of it. */
export function FormInput(props: FormInputProps) {
  const { field, resource, error } = props;
  const { tp } = useTranslation();
  const label = tp(field.name, resource.id);
  const invalid = error === undefined ? undefined : true;
  switch (field.input) {
    case 'localized':
    case 'features':
    case 'prices':
      return (
        <fieldset className="p-field" aria-invalid={invalid}>
          <legend>{label}</legend>
          <StructuredInput {...props} />
          <Said {...props} />
        </fieldset>
      );
    case 'flag':
      return (
        <div className="p-field">
          <FlagInput {...props} label={label} />
          <Said {...props} />
        </div>
      );
    default:
      return (
        <label className={`p-field ${widthOf(field)}`} aria-invalid={invalid}>
          <span>{label}</span>
          <SimpleInput {...props} />
          <Said {...props} />
        </label>
      );
  }
}

/** Thresholds are short, but there is much to say of them. */
function widthOf({ input }: FormField): string {
  if (input === 'percents') return 'p-narrow';
  return input === 'number' || input === 'money' || input === 'choice' ? 'p-short' : '';
}

function Said({ field: { hint }, error }: FormInputProps) {
  const { t } = useTranslation();
  return (
    <>
      {hint !== undefined && <small>{t(`panel.form.${hint}`)}</small>}
      {error !== undefined && (
        <span className="p-error" role="alert">
          {error}
        </span>
      )}
    </>
  );
}

function StructuredInput({ field: { name, input, long = false, required = false }, values, set }: FormInputProps) {
  const value = values[name];
  if (input === 'features') {
    return <FeaturesInput features={value as Feature[]} set={(features) => set(name, features)} />;
  }
  if (input === 'prices') {
    return (
      <PricesInput
        rows={value as PriceRow[]}
        set={(rows) => {
          set(name, rows);
        }}
      />
    );
  }
  const texts = value as Record<string, string>;
  return <LocalizedInput texts={texts} long={long} required={required} set={(changed) => set(name, changed)} />;
}

function FlagInput({ field: { name }, values, set, label }: FormInputProps & { label: string }) {
  return (
    <label className="p-choice">
      <input
        type="checkbox"
        name={name}
        checked={values[name] === true}
        onChange={(event) => set(name, event.target.checked)}
      />
      <span>{label}</span>
    </label>
  );
}

function SimpleInput(props: FormInputProps): ReactNode {
  const { field, values, set } = props;
  const { name, input, required = false } = field;
  const value = typed(values, name);
  const change = (event: ChangeEvent<HTMLInputElement>) => set(name, event.target.value);
  const common = { name, value, required, onChange: change };
  switch (input) {
    case 'choice':
      return <ChoiceInput {...props} />;
    case 'reference':
      return <ReferenceInput name={name} to={field.reference ?? ''} value={value} set={(id) => set(name, id)} />;
    case 'money':
      return <MoneyInput {...props} />;
    case 'number':
      return <input {...common} inputMode="numeric" pattern="-?[0-9]*" />;
    case 'percents':
      return <input {...common} autoComplete="off" placeholder="20, 5, 0" />;
    default:
      return <input {...common} type={input} maxLength={254} autoComplete="off" />;
  }
}

function ChoiceInput({ field: { name, values: options = [] }, resource, values, set }: FormInputProps) {
  const { tl } = useTranslation();
  return (
    <select name={name} value={typed(values, name)} onChange={(event) => set(name, event.target.value)}>
      {options.map((option) => (
        <option key={option} value={option}>
          {tl(`${name}.${option}`, resource.id)}
        </option>
      ))}
    </select>
  );
}

function MoneyInput({ field: { name, required = false }, values, set }: FormInputProps) {
  const { tp } = useTranslation();
  return (
    <span className="p-money">
      <input
        name={name}
        inputMode="decimal"
        required={required}
        placeholder="9.99"
        value={typed(values, name)}
        onChange={(event) => set(name, event.target.value)}
      />
      <input
        name="currency"
        aria-label={tp('currency')}
        required
        maxLength={3}
        pattern="[A-Za-z]{3}"
        value={typed(values, 'currency')}
        onChange={(event) => set('currency', event.target.value.toUpperCase())}
      />
    </span>
  );
}
