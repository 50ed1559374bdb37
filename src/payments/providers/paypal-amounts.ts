import { exponentOf, fromDecimal, toDecimal, type Money } from '../../kit/money.ts';
import { ProviderRejected } from '../provider-errors.ts';

/** What PayPal settles in. Source: developer.paypal.com/api/rest/reference/currency-codes. */
const currencies: ReadonlySet<string> = new Set([
  'AUD', 'BRL', 'CAD', 'CHF', 'CNY', 'CZK', 'DKK', 'EUR', 'GBP', 'HKD', 'HUF', 'ILS', 'JPY', 'MXN', 'MYR', 'NOK',
  'NZD', 'PHP', 'PLN', 'SEK', 'SGD', 'THB', 'TWD', 'USD',
]); // prettier-ignore

/** PayPal takes no decimals in these, although ISO 4217 divides HUF and TWD by a hundred. */
const wholeUnitsOnly: ReadonlySet<string> = new Set(['HUF', 'JPY', 'TWD']);

/** PayPal's form of money: a decimal string. */
export interface PaypalMoney {
  currencyCode: string;
  value: string;
}

/**
 * `{999, USD}` → `"9.99"`, `{500, JPY}` → `"500"`, `{50000, HUF}` → `"500"`.
 * @throws ProviderRejected when PayPal cannot take that amount in that currency, before anything is sent
 */
export function toPaypalMoney(money: Money): PaypalMoney {
  const { currency } = money;
  if (!currencies.has(currency)) throw new ProviderRejected('paypal', 'INVALID_CURRENCY_CODE');
  if (money.amountMinor <= 0) throw new ProviderRejected('paypal', 'CANNOT_BE_ZERO_OR_NEGATIVE');
  const value = toDecimal(money);
  if (!wholeUnitsOnly.has(currency) || exponentOf(currency) === 0) return { currencyCode: currency, value };
  const [whole, fraction] = value.split('.');
  if (whole === undefined || /[1-9]/.test(fraction ?? '')) {
    throw new ProviderRejected('paypal', 'DECIMALS_NOT_SUPPORTED');
  }
  return { currencyCode: currency, value: whole };
}

/**
 * PayPal may write `"500.00"` where the currency has no decimals.
 * @throws RangeError when it is not an amount
 */
export function fromPaypalMoney(money: { currencyCode: string; value: string }): Money {
  const { currencyCode: currency, value } = money;
  const plain = exponentOf(currency) === 0 ? value.replace(/\.0+$/, '') : value;
  return { amountMinor: fromDecimal(plain, currency), currency };
}
