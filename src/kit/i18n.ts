import { readdirSync, readFileSync } from 'node:fs';
import i18next, { type i18n, type Resource } from 'i18next';
import { formatDate, formatDateTime, formatNumber, formatPercent, formatPrice } from './format.ts';
import { formatMoney, type Money } from './money.ts';

/** The languages that everything customers read exists in; the first one stands in for the others. */
export const locales = ['en', 'zh-CN'] as const;
export type Locale = (typeof locales)[number];
export const defaultLocale: Locale = 'en';

/** Each language by its own name. */
export const localeNames: Readonly<Record<Locale, string>> = { en: 'English', 'zh-CN': '简体中文' };

/** `t('pricing:title', { count: 3 })`: texts are named `file:key`, as they lie in `locales/<locale>/<file>.json`. */
export type Translate = (key: string, values?: Readonly<Record<string, unknown>>) => string;

const texts = createTexts(new URL('../../locales/', import.meta.url));

export function translator(locale: Locale): Translate {
  const t = texts.getFixedT(locale);
  return (key, values) => t(key, values ?? {});
}

/** Takes what people and browsers send (`zh`, `zh-Hans-CN`, `en-GB`) to a language we have; undefined when none fits. */
export function matchLocale(tag: string | null | undefined): Locale | undefined {
  const wanted = tag?.toLowerCase().split(/[-_]/)[0];
  return locales.find((locale) => locale.toLowerCase().split('-')[0] === wanted);
}

function createTexts(folder: URL): i18n {
  const instance = i18next.createInstance();
  const resources: Resource = Object.fromEntries(locales.map((locale) => [locale, readTexts(folder, locale)]));
  void instance.init({
    resources,
    initAsync: false,
    lng: defaultLocale,
    fallbackLng: defaultLocale,
    ns: Object.keys(resources[defaultLocale] ?? {}),
    defaultNS: 'common',
    keySeparator: false,
    // Handlebars escapes what it prints; escaping here too would show `&amp;` to people.
    interpolation: { escapeValue: false },
  });
  addFormats(instance);
  return instance;
}

/** `{{total, money}}`, `{{end, date}}` in the texts, so that word order stays with the language. */
function addFormats({ services }: i18n): void {
  const add = (name: string, format: (value: unknown, locale: string) => string) => {
    services.formatter?.add(name, (value: unknown, locale) => format(value, locale ?? defaultLocale));
  };
  add('money', (value, locale) => formatMoney(value as Money, locale));
  add('price', (value, locale) => formatPrice(value as Money, locale));
  add('number', (value, locale) => formatNumber(value as number, locale));
  add('percent', (value, locale) => formatPercent(value as number, locale));
  add('date', (value, locale) => formatDate(value as Date | string, locale));
  add('dateTime', (value, locale) => formatDateTime(value as Date | string, locale));
}

function readTexts(folder: URL, locale: Locale): Record<string, Record<string, string>> {
  const files = readdirSync(new URL(`${locale}/`, folder)).filter((file) => file.endsWith('.json'));
  return Object.fromEntries(
    files.map((file) => {
      const content = readFileSync(new URL(`${locale}/${file}`, folder), 'utf8');
      return [file.replace(/\.json$/, ''), JSON.parse(content) as Record<string, string>];
    }),
  );
}
