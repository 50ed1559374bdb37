import { expect } from 'chai';
import fc from 'fast-check';
import { formatMoney, fromDecimal, toDecimal } from '../../src/kit/money.ts';

describe('money', () => {
  it('is written with the decimals of its currency', () => {
    expect(toDecimal({ amountMinor: 999, currency: 'USD' })).to.equal('9.99');
    expect(toDecimal({ amountMinor: 5, currency: 'USD' })).to.equal('0.05');
    expect(toDecimal({ amountMinor: 500, currency: 'JPY' })).to.equal('500');
    expect(toDecimal({ amountMinor: 1234, currency: 'KWD' })).to.equal('1.234');
    expect(toDecimal({ amountMinor: -999, currency: 'USD' })).to.equal('-9.99');
  });

  it('is read back to the same amount, in every currency', () => {
    const currency = fc.constantFrom('USD', 'JPY', 'KWD', 'CNY', 'CLF', 'UYW', 'IQD', 'HUF');
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 10 ** 13 }), currency, (amountMinor, code) => {
        expect(fromDecimal(toDecimal({ amountMinor, currency: code }), code)).to.equal(amountMinor);
      }),
    );
  });

  for (const text of ['9.999', '1e3', '-1', '+1', '', ' 1', '1.', '.5', '0x10', '99999999999999', 'NaN']) {
    it(`refuses ${JSON.stringify(text)} as dollars`, () => {
      expect(() => fromDecimal(text, 'USD')).to.throw(RangeError);
    });
  }

  it('refuses decimals in a currency that has none', () => {
    expect(() => fromDecimal('500.0', 'JPY')).to.throw(RangeError);
  });

  it('reads every text that it writes down again, and none with a digit more', () => {
    const whole = fc.integer({ min: 0, max: 10 ** 9 });
    for (const [code, exponent] of [
      ['JPY', 0],
      ['USD', 2],
      ['KWD', 3],
      ['CLF', 4],
    ] as const) {
      fc.assert(
        fc.property(whole, fc.integer({ min: 0, max: 10 ** exponent - 1 }), (units, parts) => {
          const text = exponent === 0 ? String(units) : `${units}.${String(parts).padStart(exponent, '0')}`;
          expect(toDecimal({ amountMinor: fromDecimal(text, code), currency: code })).to.equal(text);
          expect(() => fromDecimal(exponent === 0 ? `${text}.0` : `${text}0`, code)).to.throw(RangeError);
        }),
      );
    }
  });

  it('is shown with the decimals of its currency, whatever the language uses', () => {
    expect(formatMoney({ amountMinor: 1500, currency: 'JPY' }, 'en')).to.equal('¥1,500');
    expect(formatMoney({ amountMinor: 1500, currency: 'JPY' }, 'zh-CN')).to.equal('JP¥1,500');
    expect(formatMoney({ amountMinor: 1234, currency: 'IQD' }, 'en')).to.match(/1\.234$/);
    expect(formatMoney({ amountMinor: 12345, currency: 'CLF' }, 'en')).to.match(/1\.2345$/);
  });

  it('is shown in the reader’s way', () => {
    expect(formatMoney({ amountMinor: 2999, currency: 'USD' }, 'en')).to.equal('$29.99');
    expect(formatMoney({ amountMinor: 2999, currency: 'USD' }, 'zh-CN')).to.equal('US$29.99');
  });
});
