import type { Facts, Say, ShowNumber, Translate } from './effects.ts';
import { formatMoney, formatNumber, formatTime } from './format.ts';

/** What giving money back does to money, credits, subscription and mail. */
export function refundEffects(facts: Facts, locale: string, t: Translate, part: string): string[] {
  const say: Say = (key, shown = {}) => t(`panel.actions.refund.${key}`, shown);
  const number = (value: unknown) => formatNumber(Number(value), locale);
  const { amountMinor, currency, creditsTakenBack, creditsUnrecovered } = facts;
  const amount = formatMoney(Number(amountMinor), String(currency), locale);
  const credits = number(creditsTakenBack);
  const isRequest = facts['needsApproval'] === true;
  if (part === 'confirm' && isRequest) return [say('ask', { amount })];
  if (part === 'confirm')
    return [Number(creditsTakenBack) > 0 ? say('confirmBoth', { amount, credits }) : say('confirm', { amount })];
  return [
    ...(isRequest ? [say('second')] : []),
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

/** What giving or taking credits by hand does. */
export function adjustEffects(
  facts: Facts,
  values: Record<string, string>,
  locale: string,
  t: Translate,
  part: string,
): string[] {
  const say: Say = (key, shown = {}) => t(`panel.actions.adjustCredits.${key}`, shown);
  const number = (value: unknown) => formatNumber(Number(value), locale);
  const amount = Number(values['amount']);
  if (!Number.isSafeInteger(amount) || amount === 0)
    return part === 'confirm' ? [] : [say('now', { credits: number(facts['available']) })];
  const after = Number(facts['available']) + amount;
  const credits = number(Math.abs(amount));
  const { alone } = facts;
  const isRequest = typeof alone === 'number' && Math.abs(amount) > alone;
  if (part === 'confirm') {
    const verb = amount > 0 ? 'give' : 'take';
    return [say(isRequest ? { give: 'askGive', take: 'askTake' }[verb] : verb, { credits })];
  }
  if (after < 0) return [say('short', { credits: number(facts['available']) })];
  return [
    ...(isRequest ? [say('second', { alone: number(alone) })] : []),
    say('change', { before: number(facts['available']), after: number(after) }),
    amount > 0 ? lasting(values['expiresOn'], locale, say) : say('order'),
  ];
}

function lasting(expiresOn: string | undefined, locale: string, say: Say): string {
  if (expiresOn === undefined || expiresOn === '') return say('keeps');
  const day = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeZone: 'UTC' }).format(new Date(expiresOn));
  return say('until', { day });
}
