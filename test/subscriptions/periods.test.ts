import { expect } from 'chai';
import fc from 'fast-check';
import {
  addMonths,
  extendedEnd,
  firstPeriodEnd,
  monthsSince,
  nextQuotaReset,
} from '../../src/subscriptions/periods.ts';

const utc = (text: string) => new Date(`${text}T10:30:00Z`);

describe('periods', () => {
  it('clamps to the last day of a short month and comes back to the anchor’s day', () => {
    const anchor = utc('2027-01-31');
    const ends = [1, 2, 3, 4].map((months) => addMonths(anchor, months).toISOString().slice(0, 10));
    expect(ends).to.deep.equal(['2027-02-28', '2027-03-31', '2027-04-30', '2027-05-31']);
  });

  it('gives 29 February to leap years only', () => {
    expect(addMonths(utc('2027-01-31'), 13)).to.deep.equal(utc('2028-02-29'));
    expect(addMonths(utc('2028-02-29'), 12)).to.deep.equal(utc('2029-02-28'));
    expect(addMonths(utc('2028-02-29'), 48)).to.deep.equal(utc('2032-02-29'));
  });

  it('extends from the current end along the anchor, not from the clamped day', () => {
    const anchor = utc('2027-01-31');
    const february = firstPeriodEnd(anchor, 'monthly');
    expect(february).to.deep.equal(utc('2027-02-28'));
    expect(extendedEnd(anchor, utc('2027-02-28'), 'monthly')).to.deep.equal(utc('2027-03-31'));
    expect(extendedEnd(anchor, utc('2028-01-31'), 'yearly')).to.deep.equal(utc('2029-01-31'));
  });

  it('has no end for lifetime', () => {
    expect(firstPeriodEnd(utc('2027-01-31'), 'lifetime')).to.equal(null);
    expect(() => extendedEnd(utc('2027-01-31'), utc('2027-02-28'), 'lifetime')).to.throw(RangeError);
  });

  it('finds every moment in exactly one quota month, for every anchor over 40 years', () => {
    const anchors = fc.date({ min: utc('2024-01-01'), max: utc('2034-12-31'), noInvalidDate: true });
    const elapsedMs = fc.integer({ min: 0, max: 40 * 365 * 24 * 3600 * 1000 });
    fc.assert(
      fc.property(anchors, elapsedMs, (anchor, elapsed) => {
        const time = new Date(anchor.getTime() + elapsed);
        const month = monthsSince(anchor, time);
        const [start, end] = [addMonths(anchor, month), addMonths(anchor, month + 1)];
        expect(start.getTime()).to.be.at.most(time.getTime());
        expect(end.getTime()).to.be.above(time.getTime());
        expect(nextQuotaReset(anchor, time)).to.deep.equal(end);
      }),
      { numRuns: 2000 },
    );
  });
});
