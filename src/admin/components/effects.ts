import { approvalEffects } from './approval-effects.ts';
import { transferEffects } from './transfer-effects.ts';
import { formatMoney, formatNumber, formatTime } from './format.ts';
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
  if (name === 'archive') return [say('effect'), archiveEffect(facts, locale, t)];
  if (name === 'grantPlan') return grantEffects(facts, locale, say, number);
  if (name === 'changePlan') return changeEffects(facts, locale, say, number);
  if (name === 'erase') return eraseEffects(facts, say, number);
  if (name === 'resume') return [say('effect', { end: timeOf(facts['endDate'], locale) }), say('mail')];
  return [say('effect', facts)];
}

function archiveEffect({ holders }: Facts, locale: string, t: Translate): string {
  const count = Number(holders);
  return t('panel.prices.stay', { count, shown: formatNumber(count, locale) });
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
  const end = timeOf(facts['endDate'], locale);
  if (values['atPeriodEnd'] === 'yes') return [say('runsTo', { end }), say('mail')];
  return [say('endsNow'), say('credits', { credits: number(facts['creditsLost']) }), say('noRefund'), say('mail')];
}

function timeOf(value: Facts[string] | undefined, locale: string): string {
  return typeof value === 'string' ? formatTime(value, locale) : '';
}

/** What stands in the way, or else what goes and what stays. */
function eraseEffects(facts: Facts, say: Say, number: ShowNumber): string[] {
  const obstacles = String(facts['obstacles']).split(' ').filter(Boolean);
  if (obstacles.length > 0) return [say('notYet'), ...obstacles.map((obstacle) => say(`obstacles.${obstacle}`))];
  return [
    say('goes'),
    say('stays', { orders: number(facts['orders']) }),
    ...(facts['endsFreePlan'] === true ? [say('plan')] : []),
    ...(Number(facts['available']) > 0 ? [say('credits', { credits: number(facts['available']) })] : []),
    say('mail'),
    say('forever'),
  ];
}

function grantEffects(facts: Facts, locale: string, say: Say, number: ShowNumber): string[] {
  if (facts['endsAt'] === undefined) return [];
  const shown = { end: timeOf(facts['endsAt'], locale), credits: number(facts['credits']) };
  return [
    ...(facts['replaces'] === true ? [say('replaces')] : []),
    say(String(facts['effect']), shown),
    say('money'),
    say('mail'),
  ];
}

function changeEffects(facts: Facts, locale: string, say: Say, number: ShowNumber): string[] {
  if (facts['amountMinor'] === undefined) return [];
  const amount = formatMoney(Number(facts['amountMinor']), String(facts['currency']), locale);
  const shown = { amount, end: timeOf(facts['endDate'], locale), credits: number(facts['credits']) };
  return [
    ...(facts['wasCancelled'] === true ? [say('wasCancelled')] : []),
    say('then', shown),
    say('money', shown),
    say('mail'),
  ];
}
