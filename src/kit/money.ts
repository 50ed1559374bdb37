/**
 * Money is a whole number of minor units (cents) and an ISO 4217 currency; never a float of major units.
 * Numbers stay below 2^53: amounts are checked to be safe integers wherever they enter.
 */
export interface Money {
  amountMinor: number;
  currency: string;
}

/** ISO 4217 exponents of the currencies that are not divided by a hundred. */
const exponents: Readonly<Record<string, number>> = {
  BIF: 0,
  CLP: 0,
  DJF: 0,
  GNF: 0,
  ISK: 0,
  JPY: 0,
  KMF: 0,
  KRW: 0,
  PYG: 0,
  RWF: 0,
  UGX: 0,
  UYI: 0,
  VND: 0,
  VUV: 0,
  XAF: 0,
  XOF: 0,
  XPF: 0,
  BHD: 3,
  IQD: 3,
  JOD: 3,
  KWD: 3,
  LYD: 3,
  OMR: 3,
  TND: 3,
  CLF: 4,
  UYW: 4,
};

/** How many decimals the currency has: USD 2, JPY 0, KWD 3. */
export function exponentOf(currency: string): number {
  return exponents[currency] ?? 2;
}

/** `{999, USD}` → `"9.99"`, `{500, JPY}` → `"500"`: the form of the HTTP contract. */
export function toDecimal({ amountMinor, currency }: Money): string {
  if (!Number.isSafeInteger(amountMinor)) throw new RangeError(`not an amount in minor units: ${amountMinor}`);
  const exponent = exponentOf(currency);
  const digits = String(Math.abs(amountMinor)).padStart(exponent + 1, '0');
  const sign = amountMinor < 0 ? '-' : '';
  if (exponent === 0) return sign + digits;
  return `${sign}${digits.slice(0, -exponent)}.${digits.slice(-exponent)}`;
}

/**
 * `"9.99"` USD → 999. Takes fewer decimals than the currency has (`"9.9"`, `"9"`), never more.
 * @throws RangeError when the text is not an amount in that currency
 */
export function fromDecimal(text: string, currency: string): number {
  const match = /^(\d{1,13})(?:\.(\d+))?$/.exec(text);
  const exponent = exponentOf(currency);
  const fraction = match?.[2] ?? '';
  if (match?.[1] === undefined || fraction.length > exponent) {
    throw new RangeError(`not an amount in ${currency}: ${text}`);
  }
  const amountMinor = Number(match[1] + fraction.padEnd(exponent, '0'));
  if (!Number.isSafeInteger(amountMinor)) throw new RangeError(`too large an amount: ${text}`);
  return amountMinor;
}

/** For `Intl`, which left alone takes the decimals that are in use: for IQD none, where ISO 4217 has three. */
export function currencyStyle(currency: string): Intl.NumberFormatOptions {
  const digits = exponentOf(currency);
  return { style: 'currency', currency, minimumFractionDigits: digits, maximumFractionDigits: digits };
}

/** For people, in their language: `$9.99`, `¥500`, `US$9.99`. */
export function formatMoney({ amountMinor, currency }: Money, locale: string): string {
  const decimal = toDecimal({ amountMinor, currency });
  // Intl takes decimal strings exactly; its type does not say so yet.
  return new Intl.NumberFormat(locale, currencyStyle(currency)).format(decimal as unknown as number);
}
