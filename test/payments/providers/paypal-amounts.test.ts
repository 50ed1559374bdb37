import { expect } from 'chai';
import fc from 'fast-check';
import { exponentOf } from '../../../src/kit/money.ts';
import { fromPaypalMoney, refusesAmount, toPaypalMoney } from '../../../src/payments/providers/paypal-amounts.ts';

const whole = ['HUF', 'JPY', 'TWD'];
const divided = ['AUD', 'BRL', 'CAD', 'CHF', 'CNY', 'CZK', 'DKK', 'EUR', 'GBP', 'HKD', 'ILS', 'MXN', 'MYR', 'NOK'].concat(
  'NZD', 'PHP', 'PLN', 'SEK', 'SGD', 'THB', 'USD',
); // prettier-ignore

describe('PayPal amounts', () => {
  it('come back as they were sent, in every currency', () => {
    const currency = fc.constantFrom(...whole, ...divided);
    fc.assert(
      fc.property(currency, fc.integer({ min: 1, max: 10 ** 9 }), (code, units) => {
        const amountMinor = whole.includes(code) ? units * 10 ** exponentOf(code) : units;
        const sent = toPaypalMoney({ amountMinor, currency: code });
        expect(sent.value).to.match(whole.includes(code) ? /^[0-9]+$/ : /^[0-9]+\.[0-9]{2}$/);
        expect(fromPaypalMoney(sent)).to.deep.equal({ amountMinor, currency: code });
      }),
    );
  });

  it('are read with decimals where the currency has none', () => {
    expect(fromPaypalMoney({ currencyCode: 'JPY', value: '500.00' })).to.deep.equal({
      amountMinor: 500,
      currency: 'JPY',
    });
  });

  for (const [amountMinor, currency, why] of [
    [1_000_000, 'USD', null],
    [1_000_001, 'USD', 'PayPal takes at most 10000 USD at once.'],
    [1_000_000, 'JPY', null],
    [1_000_001, 'JPY', 'PayPal takes at most 1000000 JPY at once.'],
    [1_100_000_100, 'HUF', 'PayPal takes at most 11000000 HUF at once.'],
    [10 ** 12, 'THB', null],
    [1, 'EUR', null],
    [1, 'TWD', 'PayPal takes whole TWD only.'],
    [0, 'USD', 'PayPal takes amounts above zero only.'],
    [999, 'RSD', 'PayPal does not take RSD.'],
  ] as const) {
    it(`${amountMinor} ${currency}: ${why ?? 'taken'}`, () => {
      expect(refusesAmount({ amountMinor, currency })).to.equal(why);
    });
  }
});
