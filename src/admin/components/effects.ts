import { transferEffects } from './transfer-effects.ts';
import { formatMoney, formatNumber, formatTime } from './format.ts';

export type Facts = Record<string, string | number | boolean | null>;
type Translate = (key: string, values?: Record<string, unknown>) => string;

/** What an action will do, line by line, from what the server found and what is typed so far. */
export function effects(
  name: string,
  facts: Facts,
  values: Record<string, string>,
  locale: string,
  t: Translate,
  part: 'lines' | 'confirm' = 'lines',
): string[] {
  const say = (key: string, shown: Record<string, unknown> = {}) => t(`panel.actions.${name}.${key}`, shown);
  const number = (value: unknown, signed = false) => formatNumber(Number(value), locale, signed);
  if (name === 'refund' || name === 'refundDuplicate') return refundEffects(facts, locale, t, part);
  if (name === 'adjustCredits') return adjustEffects(facts, values, say, number, part);
  if (name.endsWith('Transfer')) return transferEffects(name, facts, values, locale, say, part);
  if (part === 'confirm') return [];
  if (name === 'cancel') return cancelEffects(facts, values, locale, say, number);
  if (name === 'archive') return [say('effect'), archiveEffect(facts, locale, t)];
  return [say('effect')];
}

function archiveEffect({ holders }: Facts, locale: string, t: Translate): string {
  const count = Number(holders);
  return t('panel.prices.stay', { count, shown: formatNumber(count, locale) });
}

export type Say = (key: string, shown?: Record<string, unknown>) => string;
type ShowNumber = (value: unknown, signed?: boolean) => string;

function refundEffects(facts: Facts, locale: string, t: Translate, part: string): string[] {
  const say: Say = (key, shown = {}) => t(`panel.actions.refund.${key}`, shown);
  const number = (value: unknown) => formatNumber(Number(value), locale);
  const { amountMinor, currency, creditsTakenBack, creditsUnrecovered } = facts;
  const amount = formatMoney(Number(amountMinor), String(currency), locale);
  const credits = number(creditsTakenBack);
  if (part === 'confirm')
    return [Number(creditsTakenBack) > 0 ? say('confirmBoth', { amount, credits }) : say('confirm', { amount })];
  return [
    say('money', { amount }),
    Number(creditsTakenBack) > 0 ? say('credits', { credits }) : say('noCredits'),
    ...(Number(creditsUnrecovered) > 0 ? [say('lost', { credits: number(creditsUnrecovered) })] : []),
    ...subscriptionEffects(facts, locale, say, number),
    say('mail'),
  ];
}

function subscriptionEffects(
  { subscription, endsAt, creditsEnding }: Facts,
  locale: string,
  say: Say,
  number: ShowNumber,
): string[] {
  if (subscription === 'none') return [];
  const end = typeof endsAt === 'string' ? formatTime(endsAt, locale) : '';
  const line = say(`subscription.${String(subscription)}`, { end });
  return Number(creditsEnding) > 0 ? [line, say('creditsEnding', { credits: number(creditsEnding) })] : [line];
}

function adjustEffects(
  facts: Facts,
  values: Record<string, string>,
  say: Say,
  number: ShowNumber,
  part: string,
): string[] {
  const amount = Number(values['amount']);
  if (!Number.isSafeInteger(amount) || amount === 0)
    return part === 'confirm' ? [] : [say('now', { credits: number(facts['available']) })];
  const after = Number(facts['available']) + amount;
  const credits = number(Math.abs(amount));
  if (part === 'confirm') return [say(amount > 0 ? 'give' : 'take', { credits })];
  if (after < 0) return [say('short', { credits: number(facts['available']) })];
  return [
    say('change', { before: number(facts['available']), after: number(after) }),
    say(amount > 0 ? 'keeps' : 'order'),
  ];
}

function cancelEffects(
  facts: Facts,
  values: Record<string, string>,
  locale: string,
  say: Say,
  number: ShowNumber,
): string[] {
  const end = typeof facts['endDate'] === 'string' ? formatTime(facts['endDate'], locale) : '';
  if (values['atPeriodEnd'] === 'yes') return [say('runsTo', { end }), say('mail')];
  return [say('endsNow'), say('credits', { credits: number(facts['creditsLost']) }), say('noRefund'), say('mail')];
}
