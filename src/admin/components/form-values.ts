import type { RecordJSON } from 'adminjs';
import type { FormField } from '../forms/form.ts';
import { toDecimal } from '../../kit/money.ts';

export interface Feature {
  key: string;
  included: boolean;
  label: Record<string, string>;
}

/** What a unit of a feature costs, as typed. */
export interface PriceRow {
  feature: string;
  credits: string;
}

/** What the inputs hold: text as typed, and the structured ones as they are. */
export type Values = Record<string, string | boolean | Record<string, string> | Feature[] | PriceRow[]>;

/** What a simple input holds. */
export function typed(values: Values, name: string): string {
  const value = values[name];
  return typeof value === 'string' ? value : '';
}

export function fromRecord(fields: readonly FormField[], record: RecordJSON | undefined): Values {
  const values = Object.fromEntries(fields.map((field) => [field.name, valueOf(field, record)]));
  const hasMoney = fields.some(({ input }) => input === 'money');
  return hasMoney ? { ...values, currency: textOf(record?.params['currency']) || 'USD' } : values;
}

function valueOf({ name, input, initial = '' }: FormField, record: RecordJSON | undefined): Values[string] {
  const params = record?.params ?? {};
  if (input === 'localized') return parse(params[name], {}) as Record<string, string>;
  if (input === 'features') return parse(params[name], []) as Feature[];
  if (input === 'prices') return toRows(parse(params[name], {}));
  if (input === 'percents' && record !== undefined) return (parse(params[name], []) as number[]).join(', ');
  if (input === 'money')
    return record === undefined
      ? ''
      : toDecimal({ amountMinor: Number(params['amountMinor']), currency: textOf(params['currency']) });
  if (record === undefined) return initial;
  if (input === 'flag') return params[name] === true;
  return textOf(params[name]);
}

function toRows(prices: object): PriceRow[] {
  return Object.entries(prices)
    .map(([feature, credits]) => ({ feature, credits: String(credits) }))
    .sort((a, b) => a.feature.localeCompare(b.feature));
}

function textOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

function parse(value: unknown, otherwise: object): object {
  return typeof value === 'string' ? (JSON.parse(value) as object) : otherwise;
}

/** The body that the server's schema asks for: numbers as numbers, an empty number as null. */
export function toBody(fields: readonly FormField[], values: Values): Record<string, unknown> {
  const body: Record<string, unknown> = {};
  for (const { name, input } of fields) {
    body[name] = toValue(input, values, name);
    if (input === 'money') body['currency'] = values['currency'];
  }
  return body;
}

function toValue(input: FormField['input'], values: Values, name: string): unknown {
  switch (input) {
    case 'number':
      return toNumber(typed(values, name));
    case 'percents':
      return typed(values, name)
        .split(/[\s,;%，、；％]+/)
        .filter((part) => part !== '')
        .map(Number);
    case 'prices':
      return (values[name] as PriceRow[]).map(({ feature, credits }) => ({ feature, credits: toNumber(credits) }));
    default:
      return values[name];
  }
}

function toNumber(text: string): number | null {
  return text.trim() === '' ? null : Number(text);
}
