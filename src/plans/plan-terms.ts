export const subscriptionTypes = ['monthly', 'yearly', 'lifetime'] as const;
export type SubscriptionType = (typeof subscriptionTypes)[number];

/** What becomes of the credits of a month that ends: written off, kept up to a cap, or kept. */
export type Rollover = 'none' | 'capped' | 'full';

/** By language tag; `en` is always there and stands in for a language that is missing. */
export type LocalizedText = { en: string } & Partial<Record<string, string>>;

/** A line of the feature list, the same keys in the same order on every plan, so that rows align. */
export interface Feature {
  key: string;
  included: boolean;
  label: LocalizedText;
}

/** What one unit of a feature costs, in credits: a plan's price list. */
export type FeaturePrices = Record<string, number>;

/** The text in the reader's language, else in English. */
export function localized(text: LocalizedText, locale: string): string {
  return text[locale] ?? text.en;
}
