import type { Translate } from '../kit/i18n.ts';
import type { LocalizedText } from '../plans/plan-terms.ts';
import type { MailTemplate, PurchasedItem } from './templates.ts';

/** What a mail says, before it becomes HTML and its plain-text twin: both are laid out from this, so both say it all. */
export interface Message {
  subject: string;
  heading: string;
  paragraphs: string[];
  facts: Fact[];
  button: Link;
  /** What else can be done, below the button. */
  more?: Link;
  /** How to get no more of these. */
  optOut?: Link;
  /** It goes to somebody who works here. */
  forStaff?: boolean;
  /** Why they get it, where it is none of the usual reasons. */
  foot?: string[];
}

/** `path` is on our own site. */
export interface Link {
  label: string;
  path: string;
}

export interface Fact {
  term: string;
  text: string;
  total?: boolean;
}

export interface Language {
  locale: string;
  t: Translate;
}

export function headed(template: MailTemplate, values: Record<string, unknown>, t: Translate) {
  return { subject: t(`mail:${template}.subject`, values), heading: t(`mail:${template}.heading`, values) };
}

export function inLanguage(text: LocalizedText, locale: string): string {
  return text[locale] ?? text.en;
}

export function itemName(item: PurchasedItem, { locale, t }: Language): string {
  const name = inLanguage(item.name, locale);
  return item.kind === 'pack' ? name : t(`mail:item.${item.subscriptionType}`, { name });
}

export function planFact(name: LocalizedText, type: string, { locale, t }: Language): Fact {
  return { term: t('mail:fact.item'), text: t(`mail:item.${type}`, { name: inLanguage(name, locale) }) };
}

export function checkoutPath(
  { planCode, subscriptionType }: { planCode: string; subscriptionType: string },
  currency?: string,
): string {
  return `/checkout/${planCode}?type=${subscriptionType}${currency === undefined ? '' : `&currency=${currency}`}`;
}
