import { approvalEffects } from './approval-effects.ts';
import { transferEffects } from './transfer-effects.ts';
import { formatNumber, formatTime } from './format.ts';
import { adjustEffects, refundEffects } from './money-effects.ts';

export type Facts = Record<string, string | number | boolean | null>;
export type Translate = (key: string, values?: Record<string, unknown>) => string;

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
  if (name === 'adjustCredits') return adjustEffects(facts, values, locale, t, part);
  if (['approve', 'reject', 'withdraw'].includes(name)) return approvalEffects(name, facts, locale, t, part);
  if (name.endsWith('Transfer')) return transferEffects(name, facts, values, locale, say, part);
  if (part === 'confirm') return [];
  if (name === 'cancel') return cancelEffects(facts, values, locale, say, number);
  return [say('effect')];
}

export type Say = (key: string, shown?: Record<string, unknown>) => string;
export type ShowNumber = (value: unknown, signed?: boolean) => string;

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
