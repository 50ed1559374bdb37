import { expect } from 'chai';
import fc from 'fast-check';
import { prorate } from '../../src/kit/proration.ts';

const amount = fc.maxSafeNat();
const fraction = fc.tuple(fc.nat(100_000), fc.integer({ min: 1, max: 100_000 })).map(([a, b]) => {
  const whole = Math.max(a, b);
  return { left: Math.min(a, b), whole };
});

describe('prorating an amount', () => {
  it('splits it into two parts that always sum to the whole', () => {
    fc.assert(
      fc.property(amount, fraction, (amountMinor, { left, whole }) => {
        const parts = prorate(amountMinor, left, whole);
        expect(parts.used + parts.left).to.equal(amountMinor);
        expect(Math.min(parts.used, parts.left)).to.be.at.least(0);
      }),
    );
  });

  it('is exact to less than one minor unit, in the favour of who is given back', () => {
    fc.assert(
      fc.property(amount, fraction, (amountMinor, { left, whole }) => {
        const exactTimesWhole = BigInt(amountMinor) * BigInt(left);
        const over = BigInt(prorate(amountMinor, left, whole).left) * BigInt(whole) - exactTimesWhole;
        expect(over >= 0n && over < BigInt(whole)).to.equal(true);
      }),
    );
  });

  it('gives back all of it when nothing was used, and nothing when all was', () => {
    expect(prorate(999, 30, 30)).to.deep.equal({ used: 0, left: 999 });
    expect(prorate(999, 0, 30)).to.deep.equal({ used: 999, left: 0 });
    expect(prorate(999, 23, 30)).to.deep.equal({ used: 233, left: 766 });
  });

  it('refuses what is no part of a whole', () => {
    for (const [amountMinor, left, whole] of [[1, 2, 1], [1, 0, 0], [-1, 0, 1], [1.5, 1, 2], [1, -1, 2]] as const) {
      expect(() => prorate(amountMinor, left, whole)).to.throw(RangeError);
    }
  }); // prettier-ignore
});
