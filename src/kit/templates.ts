import { readdirSync, readFileSync } from 'node:fs';
import Handlebars from 'handlebars';
import { formatDate, formatDateTime, formatNumber, formatPercent, formatPrice, formatShortDate } from './format.ts';
import { defaultLocale, translator, type Locale } from './i18n.ts';
import { formatMoney, type Money } from './money.ts';

/**
 * Renders `views/<name>.hbs`, or `views/<name>.txt.hbs` for plain text (nothing is escaped there). The model's
 * `locale` decides the language of `{{t}}`, `{{money}}`, `{{date}}` and their like, wherever in the template they stand.
 */
export type Render = (view: string, model: { locale: Locale } & Record<string, unknown>) => string;

export function createTemplates(folder: URL = new URL('../../views/', import.meta.url)): Render {
  const handlebars = Handlebars.create();
  addHelpers(handlebars);
  for (const file of readdirSync(new URL('partials/', folder))) {
    handlebars.registerPartial(file.replace(/\.hbs$/, ''), readFileSync(new URL(`partials/${file}`, folder), 'utf8'));
  }
  const compiled = new Map<string, HandlebarsTemplateDelegate>();
  return (view, model) => {
    let template = compiled.get(view);
    if (template === undefined) {
      const source = readFileSync(new URL(`${view}.hbs`, folder), 'utf8');
      template = handlebars.compile(source, { noEscape: view.endsWith('.txt'), preventIndent: true });
      compiled.set(view, template);
    }
    return template(model);
  };
}

function addHelpers(handlebars: typeof Handlebars): void {
  const localized = (format: (value: never, locale: string) => string) => (value: unknown, options: HelperOptions) =>
    format(value as never, localeOf(options));
  handlebars.registerHelper({
    t: (key: string, options: HelperOptions) => translator(localeOf(options))(key, { ...options.hash }),
    money: localized((value: Money, locale) => formatMoney(value, locale)),
    price: localized(formatPrice),
    number: localized(formatNumber),
    percent: localized(formatPercent),
    date: localized(formatDate),
    shortDate: localized(formatShortDate),
    dateTime: localized(formatDateTime),
    iso: (value: Date | string) => new Date(value).toISOString(),
    eq: (a: unknown, b: unknown) => a === b,
    key: (...parts: unknown[]) => parts.slice(0, -1).join(''),
  });
}

interface HelperOptions {
  hash: Record<string, unknown>;
  data: { root: { locale?: Locale } };
}

function localeOf(options: HelperOptions): Locale {
  return options.data.root.locale ?? defaultLocale;
}
