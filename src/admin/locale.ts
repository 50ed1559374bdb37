import { readFileSync } from 'node:fs';
import type { CurrentAdmin, Locale as AdminLocale, LocaleTranslations } from 'adminjs';
import { locales, type Locale } from '../kit/i18n.ts';

/** AdminJS's own texts come from AdminJS; ours, and where its are wrong or chatty, lie in `locales/`. */
const texts = new Map<Locale, LocaleTranslations>(
  locales.map((locale) => {
    const file = new URL(`./locales/${locale}.json`, import.meta.url);
    return [locale, JSON.parse(readFileSync(file, 'utf8')) as LocaleTranslations];
  }),
);

/** One language per page: the one that this member of staff reads. */
export function panelLocale(currentAdmin: CurrentAdmin | undefined): AdminLocale {
  const locale = locales.find((known) => known === currentAdmin?.['locale']) ?? 'en';
  return { language: locale, availableLanguages: [locale], translations: { [locale]: texts.get(locale) ?? {} } };
}
