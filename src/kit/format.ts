import { currencyStyle, toDecimal, type Money } from './money.ts';

/** How numbers and times look to a reader of `locale`. Times are shown in UTC, in which every period is computed. */

export function formatNumber(value: number, locale: string): string {
  return new Intl.NumberFormat(locale).format(value);
}

/** Details in lines, `IBAN: DE00…`, as names and values; a line without a colon has no name. */
export function accountLines(details: string): { term: string | null; text: string }[] {
  return details.split('\n').map((line) => {
    const [, term = null, text = line] = /^([^:：]{1,40})[:：]\s*(.+)$/.exec(line) ?? [];
    return { term, text };
  });
}

/** `0.17` → `17%`. */
export function formatPercent(share: number, locale: string): string {
  return new Intl.NumberFormat(locale, { style: 'percent' }).format(share);
}

/** `March 5, 2026`, `2026年3月5日`. */
export function formatDate(time: Date | string, locale: string): string {
  return new Intl.DateTimeFormat(locale, { dateStyle: 'long', timeZone: 'UTC' }).format(new Date(time));
}

/** `Mar 5, 2026`: where room is short. */
export function formatShortDate(time: Date | string, locale: string): string {
  return new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeZone: 'UTC' }).format(new Date(time));
}

/** `Mar 5, 2026, 14:02 UTC`. */
export function formatDateTime(time: Date | string, locale: string): string {
  const text = new Intl.DateTimeFormat(locale, {
    dateStyle: 'medium',
    timeStyle: 'short',
    hourCycle: 'h23',
    timeZone: 'UTC',
  }).format(new Date(time));
  return `${text} UTC`;
}

/** Whole amounts lose their decimals: `$99` beside `$9.99`. For display prices; receipts use `formatMoney`. */
export function formatPrice(money: Money, locale: string): string {
  return new Intl.NumberFormat(locale, {
    ...currencyStyle(money.currency),
    trailingZeroDisplay: 'stripIfInteger',
  }).format(toDecimal(money) as unknown as number);
}
