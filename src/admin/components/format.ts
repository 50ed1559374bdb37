import { formatMoney as format } from '../../kit/money.ts';

/** How numbers, money and times look to the reader, in their language and zone. */

export function formatNumber(value: number, locale: string, signed = false): string {
  return new Intl.NumberFormat(locale, signed ? { signDisplay: 'exceptZero' } : {}).format(value);
}

/** Of an estimate, what can be relied on: 10234511 → `10.2 million`. */
export function formatRoughly(value: number, locale: string): string {
  const options = { notation: 'compact', compactDisplay: 'long', maximumSignificantDigits: 3 } as const;
  return new Intl.NumberFormat(locale, options).format(value);
}

/** 20 → `20%`. */
export function formatPercent(percent: number, locale: string): string {
  return new Intl.NumberFormat(locale, { style: 'percent' }).format(percent / 100);
}

/** Minor units → `$9.99`. */
export function formatMoney(amountMinor: number, currency: string, locale: string): string {
  return format({ amountMinor, currency }, locale);
}

/** In the reader's zone. */
export function formatTime(iso: string, locale: string): string {
  return new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short', hourCycle: 'h23' }).format(
    new Date(iso),
  );
}

/** A day that is counted in UTC. */
export function formatDay(iso: string, locale: string): string {
  return new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeZone: 'UTC' }).format(new Date(iso));
}

/** For the tooltip, to the second. */
export function formatUtc(iso: string): string {
  return `${iso.slice(0, 19).replace('T', ' ')} UTC`;
}

/** UUIDv7 begin with the time, so that neighbours look alike: the end tells them apart. */
export function shortId(id: string): string {
  return id.length > 12 ? `…${id.slice(-8)}` : id;
}
