import { useQueryParams, useTranslation, type BasePropertyJSON, type ResourceJSON } from 'adminjs';
import { useEffect, useState, type FormEvent } from 'react';
import { Icon } from '@adminjs/design-system';

type Values = Record<string, string>;

const between = '~~';

/** The filter above a list; open when something is filtered. */
export function Filters({ resource }: { resource: ResourceJSON }) {
  const { t } = useTranslation();
  const { filters, storeParams, clearParams } = useQueryParams<object, Values | undefined>();
  const active = Object.values(filters ?? {}).filter((value) => value !== '').length;
  const [open, setOpen] = useState(active > 0);
  const [values, setValues] = useState<Values>(filters ?? {});
  useEffect(() => {
    setValues(filters ?? {});
  }, [filters]);
  const apply = (event: FormEvent) => {
    event.preventDefault();
    storeParams({
      filters: Object.fromEntries(Object.entries(values).filter(([, value]) => value.trim() !== '')),
    });
  };
  const set = (name: string, value: string) => {
    setValues((before) => ({ ...before, [name]: value }));
  };
  return (
    <div className="p-filters">
      <button
        type="button"
        className="p-button p-quiet p-small"
        aria-expanded={open}
        onClick={() => {
          setOpen(!open);
        }}
      >
        <Icon icon="Filter" size={14} /> {active > 0 ? t('panel.filterActive', { count: active }) : t('panel.filter')}
      </button>
      {open && (
        <form onSubmit={apply}>
          <div className="p-filter-fields">
            {resource.filterProperties.map((property) => (
              <FilterField
                key={property.propertyPath}
                resource={resource}
                property={property}
                values={values}
                set={set}
              />
            ))}
          </div>
          <div className="p-buttons">
            <button type="submit" className="p-button p-small">
              {t('panel.apply')}
            </button>
            <button
              type="button"
              className="p-button p-quiet p-small"
              disabled={active === 0}
              onClick={() => {
                clearParams('filters', 'after', 'before', 'place');
              }}
            >
              {t('panel.reset')}
            </button>
          </div>
        </form>
      )}
    </div>
  );
}

interface FieldProps {
  resource: ResourceJSON;
  property: BasePropertyJSON;
  values: Values;
  set: (name: string, value: string) => void;
}

function FilterField({ resource, property, values, set }: FieldProps) {
  const { t, tl, tp } = useTranslation();
  const name = property.propertyPath;
  const kind = String(property.custom['kind']);
  const label = tp(property.label, resource.id);
  if (kind === 'time') return <TimeRange label={label} name={name} values={values} set={set} />;
  const options: [string, string][] | undefined =
    kind === 'longText'
      ? [
          ['some', t('panel.withText')],
          ['none', t('panel.withoutText')],
        ]
      : kind === 'flag'
        ? [
            ['true', t('panel.yes')],
            ['false', t('panel.no')],
          ]
        : property.availableValues?.map(({ value }) => [String(value), tl(`${name}.${String(value)}`, resource.id)]);
  return (
    <label>
      <span>{label}</span>
      {options === undefined ? (
        <input
          value={values[name] ?? ''}
          onChange={(event) => {
            set(name, event.target.value);
          }}
          placeholder={hintOf(property, t)}
        />
      ) : (
        <select
          value={values[name] ?? ''}
          onChange={(event) => {
            set(name, event.target.value);
          }}
        >
          <option value="">{t('panel.any')}</option>
          {options.map(([value, text]) => (
            <option key={value} value={value}>
              {text}
            </option>
          ))}
        </select>
      )}
    </label>
  );
}

/** What is found by it, where that is not any part of the text. */
function hintOf({ custom, reference }: BasePropertyJSON, t: (key: string) => string): string | undefined {
  if (custom['kind'] === 'reference') return t(`panel.searchBy.${String(reference)}`);
  return custom['found'] === undefined ? undefined : t('panel.lists.byBeginning');
}

/** Days in the reader's zone, both included. */
function TimeRange({ label, name, values, set }: { label: string; name: string } & Pick<FieldProps, 'values' | 'set'>) {
  const { t } = useTranslation();
  const bound = (end: 'from' | 'to') => {
    const key = `${name}${between}${end}`;
    const change = (day: string) => {
      set(key, day === '' ? '' : new Date(`${day}T${end === 'from' ? '00:00:00' : '23:59:59.999'}`).toISOString());
    };
    return (
      <input
        type="date"
        aria-label={`${label} ${t(`panel.${end}`)}`}
        value={toDay(values[key])}
        onChange={(event) => {
          change(event.target.value);
        }}
      />
    );
  };
  return (
    <fieldset>
      <legend>{label}</legend>
      {bound('from')} <span aria-hidden="true">–</span> {bound('to')}
    </fieldset>
  );
}

function toDay(iso: string | undefined): string {
  if (iso === undefined || iso === '' || Number.isNaN(Date.parse(iso))) return '';
  const time = new Date(iso);
  const two = (value: number) => String(value).padStart(2, '0');
  return `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
}
