import { BaseProperty, type PropertyType } from 'adminjs';
import type { Field } from '../resources/spec.ts';

const types: Readonly<Record<Field['kind'], PropertyType>> = {
  // Not `uuid`: an id that is none is then refused by AdminJS as forbidden, and by us as not found.
  id: 'string',
  reference: 'reference',
  time: 'datetime',
  flag: 'boolean',
  count: 'number',
  credits: 'number',
  money: 'number',
  // JSON travels as text: AdminJS would flatten it to a hundred parameters.
  json: 'string',
  counts: 'string',
  localized: 'string',
  features: 'string',
  prices: 'string',
  percents: 'string',
  code: 'string',
  word: 'string',
  actor: 'string',
  text: 'string',
  longText: 'string',
  state: 'string',
  subject: 'string',
};

/** A column as AdminJS wants to know it. */
export class PanelProperty extends BaseProperty {
  readonly #field: Field;
  readonly #isTitle: boolean;

  constructor(
    name: string,
    field: Field,
    { isId, isSortable, isTitle }: { isId: boolean; isSortable: boolean; isTitle: boolean },
  ) {
    super({ path: name, type: types[field.kind], isId, isSortable });
    this.#field = field;
    this.#isTitle = isTitle;
  }

  override isTitle(): boolean {
    return this.#isTitle;
  }

  override isEditable(): boolean {
    return false;
  }

  override reference(): string | null {
    return this.#field.kind === 'reference' ? this.#field.to : null;
  }

  override availableValues(): string[] | null {
    return 'values' in this.#field ? [...(this.#field.values ?? [])] : null;
  }
}
