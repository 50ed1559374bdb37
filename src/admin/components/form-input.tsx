import { useTranslation, type ResourceJSON } from 'adminjs';
import type { ReactNode } from 'react';
import type { FormField } from '../forms/form.ts';
import { FeaturesInput } from './features-input.tsx';
import type { Feature, Values } from './form-values.ts';
import { LocalizedInput } from './localized-input.tsx';
import { ReferenceInput } from './reference-input.tsx';

export interface FormInputProps {
  field: FormField;
  resource: ResourceJSON;
  values: Values;
  set: (name: string, value: Values[string]) => void;
  error: string | undefined;
  isNew: boolean;
}

/** A label, the input for its kind, a hint, and what the server said of it. */
export function FormInput(props: FormInputProps) {
  const { field: { name, input, hint }, resource, values, set, error, isNew } = props;
  const { t, tp } = useTranslation();
  const label = tp(name, resource.id);
  const said = (
    <>
      {hint !== undefined && <small>{t(`panel.form.${hint}`)}</small>}
      {error !== undefined && <span className="p-error" role="alert">{error}</span>}
    </>
  );
  const invalid = error === undefined ? undefined : true;
  if (input === 'localized' || input === 'features') {
    return (
      <fieldset className="p-field" aria-invalid={invalid}>
        <legend>{label}</legend>
        {input === 'features' ? (
          <FeaturesInput features={values[name] as Feature[]} set={(features) => { set(name, features); }} />
        ) : (
          <LocalizedInput texts={values[name] as Record<string, string>} long={props.field.long === true} required={props.field.required === true} set={(texts) => { set(name, texts); }} />
        )}
        {said}
      </fieldset>
    );
  }
  if (input === 'flag') {
    return (
      <div className="p-field">
        <label className="p-choice">
          <input type="checkbox" name={name} checked={values[name] === true} onChange={(event) => { set(name, event.target.checked); }} /> <span>{label}</span>
        </label>
        {said}
      </div>
    );
  }
  return (
    <label className={`p-field ${['number', 'money', 'choice'].includes(input) ? 'p-short' : ''}`} aria-invalid={invalid}>
      <span>{label}</span>
      <SimpleInput {...props} isNew={isNew} />
      {said}
    </label>
  );
} // prettier-ignore

function SimpleInput({ field, resource, values, set, isNew }: FormInputProps): ReactNode {
  const { tl } = useTranslation();
  const { name, input, required = false } = field;
  const value = String(values[name] ?? '');
  const change = (next: string) => { set(name, next); };
  switch (input) {
    case 'choice':
      return (
        <select name={name} value={value} onChange={(event) => { change(event.target.value); }}>
          {field.values?.map((option) => <option key={option} value={option}>{tl(`${name}.${option}`, resource.id)}</option>)}
        </select>
      );
    case 'reference':
      return <ReferenceInput name={name} to={field.reference ?? ''} value={value} set={change} />;
    case 'money':
      return (
        <span className="p-money">
          <input name={name} inputMode="decimal" required={required} value={value} placeholder="9.99" onChange={(event) => { change(event.target.value); }} />
          <input name="currency" aria-label={tl('currency')} required maxLength={3} pattern="[A-Za-z]{3}" value={String(values['currency'])} onChange={(event) => { set('currency', event.target.value.toUpperCase()); }} />
        </span>
      );
    case 'number':
      return <input name={name} inputMode="numeric" pattern="-?[0-9]*" required={required} value={value} onChange={(event) => { change(event.target.value.trim()); }} />;
    default:
      return (
        <input name={name} type={input} required={required || (input === 'password' && isNew)} minLength={input === 'password' ? 10 : undefined} maxLength={254} autoComplete={input === 'password' ? 'new-password' : 'off'} value={value} onChange={(event) => { change(event.target.value); }} />
      );
  }
} // prettier-ignore
