import { expect } from 'chai';
import fc from 'fast-check';
import {
  addMonths,
  extendedEnd,
  firstPeriodEnd,
  monthsSince,
  nextQuotaReset,
  quotaMonthStart,
} from '../../src/subscriptions/periods.ts';
import { useTestDatabase } from '../support/database.ts';

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

/** Each day of a month, and 29 February, at both ends of the day. */
const days = [...Array.from({ length: 31 }, (_, day) => Date.UTC(2028, 0, 1 + day)), Date.UTC(2028, 1, 29)];
const anchors = days.flatMap((day) => [new Date(day), new Date(day + 24 * 3600_000 - 1)]);
const months = 40 * 12;
const dayMs = 24 * 3600_000;
const daysIn = (year: number, month: number) => new Date(Date.UTC(year, month + 1, 0)).getUTCDate();

describe('the months of 40 years, from an anchor on any day', function () {
  this.timeout(60_000);
  const database = useTestDatabase();

  it('follow each other without gap or overlap, on the anchor’s day or the last of a shorter month', () => {
    const wrong: string[] = [];
    for (const anchor of anchors) {
      let start = anchor;
      for (let month = 1; month <= months; month += 1) {
        const end = nextQuotaReset(anchor, start);
        const calendar = anchor.getUTCFullYear() * 12 + anchor.getUTCMonth() + month;
        const [year, of] = [Math.floor(calendar / 12), calendar % 12];
        const day = Math.min(anchor.getUTCDate(), daysIn(year, of));
        const expected = Date.UTC(year, of, day) + (anchor.getTime() % dayMs);
        if (end.getTime() !== expected) wrong.push(`${anchor.toISOString()} + ${month}: ${end.toISOString()}`);
        start = end;
      }
    }
    expect(wrong).to.deep.equal([]);
  });

  it('hold the last moment before their end, and not the end itself', () => {
    fc.assert(
      fc.property(fc.constantFrom(...anchors), fc.nat(months), (anchor, month) => {
        const [start, end] = [addMonths(anchor, month), addMonths(anchor, month + 1)];
        const last = new Date(end.getTime() - 1);
        expect(quotaMonthStart(anchor, last)).to.deep.equal(start);
        expect(nextQuotaReset(anchor, last)).to.deep.equal(end);
        expect(quotaMonthStart(anchor, end)).to.deep.equal(end);
      }),
    );
  });

  it('are those of a year, twelve at a time, also from 29 February', () => {
    for (const anchor of anchors.filter((one) => one.getUTCDate() >= 28)) {
      for (let year = 1; year <= 40; year += 1) {
        const end = extendedEnd(anchor, addMonths(anchor, 12 * (year - 1)), 'yearly');
        const day = Math.min(anchor.getUTCDate(), daysIn(anchor.getUTCFullYear() + year, anchor.getUTCMonth()));
        expect(end.toISOString().slice(0, 10)).to.equal(
          new Date(Date.UTC(anchor.getUTCFullYear() + year, anchor.getUTCMonth(), day)).toISOString().slice(0, 10),
        );
      }
    }
  });

  it('are the same to the database, boundary by boundary and in between', async () => {
    const { rows } = await database.db.pool.query<{ anchor: Date; time: Date; next: Date }>(
      `SELECT anchor, time, next_quota_reset(anchor, time) AS next
       FROM unnest($1::timestamptz[]) anchor, generate_series(0, $2) month,
         LATERAL (VALUES ((anchor AT TIME ZONE 'UTC' + make_interval(months => month)) AT TIME ZONE 'UTC')) b (boundary),
         LATERAL (VALUES (boundary), (boundary + interval '9 days'), (boundary - interval '1 ms')) t (time)
       WHERE time >= anchor AND (time = boundary OR extract(day FROM anchor AT TIME ZONE 'UTC') >= 28)`,
      [anchors, months],
    );
    expect(rows.length).to.be.above(anchors.length * months);
    const wrong = rows.filter(({ anchor, time, next }) => nextQuotaReset(anchor, time).getTime() !== next.getTime());
    expect(wrong).to.deep.equal([]);
  });
});
