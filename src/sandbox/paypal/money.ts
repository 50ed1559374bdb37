import { exponentOf, fromDecimal, toDecimal } from '../../kit/money.ts';
import { unprocessable } from './problems.ts';
import type { PaypalMoney } from './records.ts';

/** Written down again on purpose: the simulator must not share the client's mistakes. */
const supported = 'AUD BRL CAD CHF CNY CZK DKK EUR GBP HKD HUF ILS JPY MXN MYR NOK NZD PHP PLN SEK SGD THB TWD USD';
const wholeUnits = 'HUF JPY TWD';

/**
 * @param field JSON pointer to the money in the body
 * @throws PaypalProblem as PayPal refuses: currency, sign, precision
 */
export function checkMoney({ currency_code: currency, value }: PaypalMoney, field: string): number {
  if (!supported.split(' ').includes(currency)) throw unprocessable('INVALID_CURRENCY_CODE', `${field}/currency_code`);
  if (!(Number(value) > 0)) throw unprocessable('CANNOT_BE_ZERO_OR_NEGATIVE', `${field}/value`);
  const [whole = '', fraction = ''] = value.split('.');
  const decimals = wholeUnits.includes(currency) ? 0 : 2;
  if (fraction.length > decimals) throw unprocessable('DECIMAL_PRECISION', `${field}/value`);
  if (whole.length > 13) throw unprocessable('MAX_VALUE_EXCEEDED', `${field}/value`);
  return toMinor({ currency_code: currency, value });
}

/** Minor units by ISO 4217, as everywhere in Plantain. */
export function toMinor({ currency_code: currency, value }: PaypalMoney): number {
  return fromDecimal(value.startsWith('.') ? `0${value}` : value, currency);
}

export function paypalMoney(amountMinor: number, currency: string): PaypalMoney {
  const value = toDecimal({ amountMinor, currency });
  return { currency_code: currency, value: wholeUnits.includes(currency) ? value.replace(/\..*$/, '') : value };
}

/** Near enough to what PayPal charges a small merchant in the US: 3.49 % and 49 cents; never more than the amount. */
export function feeOf(grossMinor: number, currency: string): number {
  const whole = wholeUnits.includes(currency);
  const unit = whole ? 10 ** exponentOf(currency) : 1;
  const fee = Math.round((grossMinor * 0.0349) / unit) * unit + 49 * (whole ? unit : 1);
  return Math.min(fee, grossMinor);
}
