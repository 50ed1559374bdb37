import { z } from 'zod';
import { locales } from '../../kit/i18n.ts';
import { fromDecimal } from '../../kit/money.ts';
import type { LocalizedText } from '../../plans/plan-terms.ts';

/**
 * The parts that forms are checked by. What a form does not name is refused: every object is strict. A message that names
 * a text, `admin:form.…`, is told in the language of whoever sent the form.
 */

const maxCredits = 1_000_000_000;

export const code = z.string().regex(/^[a-z0-9][a-z0-9-]{0,49}$/, 'Use small letters, digits and dashes.');
export const name = z.string().trim().min(1, 'Fill this in.').max(200, 'Use at most 200 characters.');
export const credits = z.int('Give a whole number.').min(0, 'Not below 0.').max(maxCredits);
export const position = z.int('Give a whole number.').min(-1000).max(1000);
export const currency = z.string().regex(/^[A-Z]{3}$/, 'Use three capital letters, like USD.');

/** A text per language; empty ones fall away, English has to be there. */
export function localized(maxLength: number): z.ZodType<LocalizedText> {
  const text = z.string().trim().max(maxLength, `Use at most ${maxLength} characters.`);
  const english = text.min(1, 'Fill in the English text.');
  const others = Object.fromEntries(
    locales.filter((locale) => locale !== 'en').map((locale) => [locale, text.optional()]),
  );
  return z.strictObject({ ...others, en: english }).transform((texts) => {
    const given = Object.entries<string | undefined>(texts).filter(([, words]) => words !== undefined && words !== '');
    return { ...Object.fromEntries(given), en: texts.en };
  });
}

/** The same, but it may be left out altogether. */
export function optionallyLocalized(maxLength: number): z.ZodType<LocalizedText> {
  const text = z.string().trim().max(maxLength, `Use at most ${maxLength} characters.`).default('');
  const all = Object.fromEntries(locales.map((locale) => [locale, text]));
  return z.strictObject(all).transform((texts) => {
    const given = Object.entries(texts).filter(([, words]) => words !== '');
    return { en: '', ...Object.fromEntries(given) };
  });
}

export const features = z
  .array(
    z.strictObject({
      key: z.string().regex(/^[a-z0-9_-]{1,50}$/, 'Use small letters, digits, _ and -.'),
      included: z.boolean(),
      label: localized(200),
    }),
  )
  .max(30, 'Use at most 30 features.')
  .refine((list) => new Set(list.map(({ key }) => key)).size === list.length, 'Each key can stand there once.');

const credit = z.int('admin:form.price').min(1, 'admin:form.price').max(maxCredits, 'admin:form.price');
const feature = z
  .string('admin:form.feature')
  .trim()
  .min(1, 'admin:form.feature')
  .max(100, 'admin:form.feature')
  .refine((name) => !/\p{Cc}/u.test(name), 'admin:form.feature');

/** What a unit of each feature costs, as rows, since a name can be typed twice; no rows are no price list. */
export const featurePrices = z
  .array(z.strictObject({ feature, credits: credit }))
  .max(100, 'admin:form.features_most')
  .refine((rows) => new Set(rows.map((row) => row.feature)).size === rows.length, 'admin:form.feature_once')
  .transform((rows) => (rows.length === 0 ? null : Object.fromEntries(rows.map((row) => [row.feature, row.credits]))));

const percent = z.int('admin:form.percent').min(0, 'admin:form.percent').max(99, 'admin:form.percent');

/** Highest first, each once. */
export const percents = z
  .array(percent)
  .max(10, 'admin:form.percents_most')
  .transform((list) => [...new Set(list)].sort((a, b) => b - a));

/** `{amount: "9.99", currency: "USD"}` → minor units, more than nothing. */
export function toMinor(amount: string, of: string, context: z.RefinementCtx): number {
  try {
    const minor = fromDecimal(amount.trim(), of);
    if (minor > 0) return minor;
  } catch {
    // Not an amount in that currency: said below.
  }
  context.addIssue({ code: 'custom', path: ['amount'], message: `Give an amount in ${of}, like 9.99.` });
  return z.NEVER;
}
