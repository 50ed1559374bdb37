import type { Facts, Translate } from './effects.ts';
import { formatMoney, formatNumber } from './format.ts';
import { adjustEffects, refundEffects } from './money-effects.ts';

/** What was asked for, what approving it does now, and where that has changed, what it would have done then. */
export function approvalEffects(
  name: string,
  facts: Facts,
  locale: string,
  t: Translate,
  part: 'lines' | 'confirm',
): string[] {
  const say = (key: string, shown: Record<string, unknown> = {}) => t(`panel.actions.approve.${key}`, shown);
  const isRefund = facts['context'] === 'refund';
  const credits = Number(facts['credits']);
  const shown = {
    ...facts,
    amount: isRefund ? formatMoney(Number(facts['amountMinor']), String(facts['currency']), locale) : '',
    credits: formatNumber(Math.abs(credits), locale),
  };
  const isImpossible = typeof facts['refusal'] === 'string';
  const verb = isRefund ? 'Refund' : credits > 0 ? 'Give' : 'Take';
  if (part === 'confirm') {
    if (name !== 'approve') return [];
    return [say(isImpossible ? 'confirmRefusal' : `confirm${verb}`, shown)];
  }
  const asked = say(verb.toLowerCase(), shown);
  if (name !== 'approve') return [asked, t(`panel.actions.${name}.effect`)];
  if (isImpossible) return [asked, say('refusal', shown)];
  const before = JSON.parse(String(facts['before'])) as Facts;
  const now = substance(facts, locale, t);
  const then = substance({ ...facts, ...before }, locale, t);
  const hasChanged = now.join('\n') !== then.join('\n');
  if (!hasChanged) return [asked, ...now];
  return [asked, ...now.map((line) => say('now', { line })), ...then.map((line) => say('then', { line }))];
}

function substance(facts: Facts, locale: string, t: Translate): string[] {
  if (facts['context'] === 'refund') return refundEffects(facts, locale, t, 'lines');
  const expiresAt = facts['expiresAt'];
  const values = {
    amount: String(facts['credits']),
    ...(typeof expiresAt === 'string' && { expiresOn: dayBefore(expiresAt) }),
  };
  return adjustEffects({ ...facts, alone: null }, values, locale, t, 'lines');
}

/** Credits that end with a day are kept as the instant after it. */
function dayBefore(iso: string): string {
  return new Date(Date.parse(iso) - 1).toISOString().slice(0, 10);
}
