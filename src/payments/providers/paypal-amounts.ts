import { exponentOf, fromDecimal, toDecimal, type Money } from '../../kit/money.ts';
import { ProviderRejected } from '../provider-errors.ts';

/**
 * What PayPal settles in, and the most that it takes at once, in major units. BRL, CNY and MYR serve accounts of their own
 * country only: CNY is of no use to most. Source of the list: developer.paypal.com/api/rest/reference/currency-codes.
 *
 * That page promises maxima and names none; Orders v2 only bounds the digits. The figures are those that PayPal publishes
 * with its Merchant SDK (rubydoc.info/gems/paypal-sdk-merchant, CurrencyCodeType). Where it has none (null), nothing is
 * held against an amount. What an account may take can be less: then PayPal answers TRANSACTION_LIMIT_EXCEEDED.
 */
const maxima: Readonly<Record<string, number | null>> = {
  AUD: 12_500,
  BRL: null,
  CAD: 12_500,
  CHF: 70_000,
  CNY: null,
  CZK: 120_000,
  DKK: 300_000,
  EUR: 8_000,
  GBP: 5_500,
  HKD: 380_000,
  HUF: 11_000_000,
  ILS: null,
  JPY: 1_000_000,
  MXN: null,
  MYR: null,
  NOK: 400_000,
  NZD: 77_000,
  PHP: null,
  PLN: 160_000,
  SEK: 350_000,
  SGD: 80_000,
  THB: null,
  TWD: null,
  USD: 10_000,
};

/** PayPal takes no decimals in these, although ISO 4217 divides HUF and TWD by a hundred. */
const wholeUnitsOnly: ReadonlySet<string> = new Set(['HUF', 'JPY', 'TWD']);

/** PayPal's form of money: a decimal string. */
export interface PaypalMoney {
  currencyCode: string;
  value: string;
}

/** → PayPal's own code for what is wrong with the amount, whatever it is for; null when it can be written down. */
function issueOf({ amountMinor, currency }: Money): string | null {
  if (!Object.hasOwn(maxima, currency)) return 'INVALID_CURRENCY_CODE';
  if (amountMinor <= 0) return 'CANNOT_BE_ZERO_OR_NEGATIVE';
  if (wholeUnitsOnly.has(currency) && amountMinor % 10 ** exponentOf(currency) !== 0) return 'DECIMALS_NOT_SUPPORTED';
  return null;
}

/**
 * Why PayPal cannot be asked for this amount, in a sentence for people; null when it can. The least is one unit of the
 * last decimal that it writes: 0.01 USD, 1 JPY.
 */
export function refusesAmount(money: Money): string | null {
  const { amountMinor, currency } = money;
  switch (issueOf(money)) {
    case 'INVALID_CURRENCY_CODE':
      return `PayPal does not take ${currency}.`;
    case 'CANNOT_BE_ZERO_OR_NEGATIVE':
      return 'PayPal takes amounts above zero only.';
    case 'DECIMALS_NOT_SUPPORTED':
      return `PayPal takes whole ${currency} only.`;
    default: {
      const maximum = maxima[currency] ?? null;
      if (maximum === null || amountMinor <= maximum * 10 ** exponentOf(currency)) return null;
      return `PayPal takes at most ${maximum} ${currency} at once.`;
    }
  }
}

/**
 * `{999, USD}` → `"9.99"`, `{500, JPY}` → `"500"`, `{50000, HUF}` → `"500"`.
 * @throws ProviderRejected when PayPal cannot take that amount in that currency, before anything is sent
 */
export function toPaypalMoney(money: Money): PaypalMoney {
  const { currency } = money;
  const issue = issueOf(money);
  if (issue !== null) throw new ProviderRejected('paypal', issue);
  const value = toDecimal(money);
  return { currencyCode: currency, value: wholeUnitsOnly.has(currency) ? value.replace(/\.0+$/, '') : value };
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
