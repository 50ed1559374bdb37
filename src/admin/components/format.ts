/** How numbers, money and times look to the reader, in their language and zone. */

export function formatNumber(value: number, locale: string, signed = false): string {
  return new Intl.NumberFormat(locale, signed ? { signDisplay: 'exceptZero' } : {}).format(value);
}

/** Minor units → `$9.99`. Exact: the decimal text is made from digits, not by division. */
export function formatMoney(amountMinor: number, currency: string, locale: string): string {
  const format = new Intl.NumberFormat(locale, { style: 'currency', currency });
  return format.format(
    toDecimal(amountMinor, format.resolvedOptions().maximumFractionDigits ?? 2) as unknown as number,
  );
}

function toDecimal(amountMinor: number, exponent: number): string {
  const digits = String(Math.abs(amountMinor)).padStart(exponent + 1, '0');
  const sign = amountMinor < 0 ? '-' : '';
  return exponent === 0 ? sign + digits : `${sign}${digits.slice(0, -exponent)}.${digits.slice(-exponent)}`;
}

/** Minor units → `9.99`, as it is typed. */
export function decimalOf(amountMinor: number, currency: string): string {
  return toDecimal(amountMinor, decimalsOf(currency));
}

function decimalsOf(currency: string): number {
  return new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions().maximumFractionDigits ?? 2;
}

/** In the reader's zone. */
export function formatTime(iso: string, locale: string): string {
  return new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short', hourCycle: 'h23' }).format(
    new Date(iso),
  );
}

/** For the tooltip, to the second. */
export function formatUtc(iso: string): string {
  return `${iso.slice(0, 19).replace('T', ' ')} UTC`;
}

/** UUIDv7 begin with the time, so that neighbours look alike: the end tells them apart. */
export function shortId(id: string): string {
  return id.length > 12 ? `…${id.slice(-8)}` : id;
}
