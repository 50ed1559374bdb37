import { formatMoney } from './format.ts';
import type { Facts, Say } from './effects.ts';

const confirming: Readonly<Record<string, readonly string[]>> = {
  hand_over: ['handOver', 'receipt'],
  goes_back: ['goesBack'],
  mismatch: ['mismatch'],
  nothing: ['nothing'],
  refund: ['refund', 'mail'],
};

/** What recording, confirming or taking back a bank transfer will do. */
export function transferEffects(
  name: string,
  facts: Facts,
  values: Record<string, string>,
  locale: string,
  say: Say,
  part: 'lines' | 'confirm',
): string[] {
  const money = (amount: string, currency: string) =>
    formatMoney(Number(facts[amount]), String(facts[currency]), locale);
  const isRecord = name === 'recordTransfer';
  const shown = {
    ...facts,
    asked: money('amountMinor', 'currency'),
    ...(isRecord ? {} : { amount: money('bankAmountMinor', 'bankCurrency') }),
    item: facts[`item.${locale}`] ?? facts['item.en'],
  };
  const tell = (key: string) => say(key, shown);
  if (part === 'confirm') return [tell('confirm')];
  if (name === 'rejectTransfer') return [tell('effect'), tell('again')];
  if (isRecord) return [tell('asked'), ...recordEffects(facts, values).map(tell), tell('second')];
  return [tell('recorded'), ...(confirming[String(facts['effect'])] ?? []).map(tell)];
}

function recordEffects(facts: Facts, { bankAmount = '', bankCurrency }: Record<string, string>): string[] {
  if (facts['effect'] !== 'hand_over') return facts['effect'] === 'refund' ? ['exactly'] : ['goesBack'];
  const typed = bankAmount.trim();
  if (typed === '') return [];
  const isAsked = bankCurrency === facts['currency'] && Number(typed) === Number(facts['amount']);
  return [isAsked ? 'handOver' : 'mismatch'];
}
