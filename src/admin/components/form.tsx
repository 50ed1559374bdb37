import { useTranslation, type ActionProps } from 'adminjs';
import { useState, type FormEvent } from 'react';
import type { FormField } from '../forms/form.ts';
import { FormInput } from './form-input.tsx';
import { fromRecord, toBody, type Values } from './form-values.ts';
import { PriceImpact } from './plan-prices.tsx';
import { Problem, useSend } from './send.tsx';

/** Makes or changes a row, with the fields that `src/admin/forms/` names. */
export function PanelForm({ action, resource, record }: ActionProps) {
  const { t } = useTranslation();
  const fields = (action.custom['fields'] as FormField[]).filter(
    ({ only }) => only === undefined || only === action.name,
  );
  const [values, setValues] = useState<Values>(() => fromRecord(fields, record));
  const { send, sending, problem } = useSend(resource.id, action.name, record?.id);
  const set = (name: string, value: Values[string]) => {
    setValues((before) => ({ ...before, [name]: value }));
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void send(toBody(fields, values));
  };
  const errorOf = (name: string) => problem?.errors?.find(({ path }) => path.split('.')[0] === name)?.message;
  return (
    <form className="p-card p-broad" onSubmit={submit} aria-busy={sending}>
      {fields.map((field) => (
        <FormInput
          key={field.name}
          field={field}
          resource={resource}
          values={values}
          set={set}
          error={errorOf(field.name)}
        />
      ))}
      {resource.id === 'plan_prices' && <PriceImpact values={values} />}
      <Problem problem={problem} />
      <div className="p-buttons">
        <button type="submit" className="p-button" disabled={sending} data-testid="save">
          {sending ? t('panel.saving') : t('panel.save')}
        </button>
      </div>
    </form>
  );
}
