import { expect } from 'chai';
import fc from 'fast-check';
import { addMonths } from '../../src/subscriptions/periods.ts';
import { isUpgrade, unusedPart, type Standing } from '../../src/subscriptions/plan-change.ts';

const standing: fc.Arbitrary<Standing> = fc.record({
  creditsMonthly: fc.integer({ min: 0, max: 3 }),
  subscriptionType: fc.constantFrom('monthly', 'yearly', 'lifetime'),
  amountMinor: fc.integer({ min: 1, max: 3 }),
});

describe('a change of plan', () => {
  it('goes up one way and down the other, never both, and to the same it goes nowhere', () => {
    fc.assert(
      fc.property(standing, standing, (one, other) => {
        const same = JSON.stringify(one) === JSON.stringify(other);
        expect([isUpgrade(one, other), isUpgrade(other, one)].filter(Boolean)).to.have.length(same ? 0 : 1);
      }),
    );
  });

  it('leaves no cent of a paid period behind, whenever it happens', () => {
    const date = fc.date({ min: new Date('2024-01-01'), max: new Date('2064-01-01'), noInvalidDate: true });
    const months = fc.constantFrom(1, 12);
    fc.assert(
      fc.property(date, months, fc.nat(10_000_000), fc.double({ min: -0.5, max: 1.5, noNaN: true }), (start, count, worthMinor, at) => {
        const end = addMonths(start, count);
        const now = new Date(start.getTime() + at * (end.getTime() - start.getTime()));
        const { daysLeft, days, unusedMinor } = unusedPart({ start, end, worthMinor }, now);
        expect(days).to.equal((end.getTime() - start.getTime()) / 86_400_000);
        expect(daysLeft).to.be.within(0, days);
        expect(unusedMinor).to.be.within(0, worthMinor);
        if (now <= start) expect(unusedMinor).to.equal(worthMinor);
        if (now >= end) expect(unusedMinor).to.equal(0);
      }),
    ); // prettier-ignore
  });

  it('counts the running day as unused, so that the amount stands for a day', () => {
    const period = { start: new Date('2026-11-01T10:00:00Z'), end: new Date('2026-12-01T10:00:00Z'), worthMinor: 999 };
    const at = (time: string) => unusedPart(period, new Date(time));
    expect(at('2026-11-02T09:59:59Z')).to.deep.equal({ daysLeft: 30, days: 30, unusedMinor: 999 });
    expect(at('2026-11-02T10:00:00Z')).to.deep.equal({ daysLeft: 29, days: 30, unusedMinor: 966 });
    expect(at('2026-11-30T10:00:00Z')).to.deep.equal({ daysLeft: 1, days: 30, unusedMinor: 34 });
  });
});
