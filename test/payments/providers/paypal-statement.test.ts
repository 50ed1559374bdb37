import { expect } from 'chai';
import { FixedClock } from '../../../src/kit/clock.ts';
import { ProviderRejected } from '../../../src/payments/provider-errors.ts';
import { readStatement } from '../../../src/payments/providers/paypal-statement.ts';

const day = 24 * 3600_000;

describe("PayPal's statement", () => {
  const clock = new FixedClock(new Date('2026-11-24T12:00:00Z'));
  type Search = Parameters<typeof readStatement>[0];
  type Query = Parameters<Search>[0];

  const line = (id: string, code = 'T0006', value = '9.99') => ({
    transactionInfo: {
      transactionId: id,
      transactionEventCode: code,
      transactionStatus: 'S',
      transactionInitiationDate: '2026-11-01T00:00:00Z',
      transactionAmount: { currencyCode: 'USD', value },
    },
  });

  async function read(days: number, answer: (query: Query, place: number) => Awaited<ReturnType<Search>>) {
    const asked: Query[] = [];
    const search: Search = (query) => {
      asked.push(query);
      return Promise.resolve(answer(query, asked.length));
    };
    const period = { from: new Date(clock.now().getTime() - days * day), to: clock.now() };
    const lines = [];
    for await (const page of readStatement(search, period, clock)) lines.push(...page);
    return { asked, lines };
  }

  it('is read in windows of 31 days without a gap, and page by page', async () => {
    const { asked, lines } = await read(70, ({ page }, place) => ({
      totalPages: 2,
      transactionDetails: [line(`${place}-${page ?? 0}`)],
    }));
    expect(lines.map(({ transactionId }) => transactionId)).to.deep.equal(['1-1', '2-2', '3-1', '4-2', '5-1', '6-2']);
    const windows = asked.filter(({ page }) => page === 1);
    expect(windows[0]?.startDate).to.equal(new Date(clock.now().getTime() - 70 * day).toISOString());
    expect(windows.at(-1)?.endDate).to.equal(clock.now().toISOString());
    for (const [place, { startDate, endDate }] of windows.entries()) {
      expect(Date.parse(endDate) - Date.parse(startDate)).to.be.at.most(31 * day);
      if (place > 0) expect(startDate).to.equal(windows[place - 1]?.endDate);
    }
  });

  it('is cut smaller where PayPal finds too much in it', async () => {
    const { asked } = await read(8, ({ startDate, endDate }) => {
      if (Date.parse(endDate) - Date.parse(startDate) > 2 * day) {
        throw new ProviderRejected('paypal', 'RESULTSET_TOO_LARGE');
      }
      return { totalPages: 1, transactionDetails: [] };
    });
    expect(asked.at(-1)?.endDate).to.equal(clock.now().toISOString());
  });

  it('knows money that came, went back and was taken back; the rest is counted and no sale', async () => {
    const codes = [['T0006', '9.99'], ['T1107', '-4.00'], ['T1201', '-5.99'], ['T0106', '-20.00'], ['T0006', '-7.00'], ['T9999', '1.00']]; // prettier-ignore
    const { lines } = await read(1, () => ({
      totalPages: 1,
      transactionDetails: codes.map(([code, value], place) => line(String(place), code, value)),
    }));
    expect(lines.map(({ kind, amountMinor }) => [kind, amountMinor])).to.deep.equal([
      ['capture', 999],
      ['refund', -400],
      ['reversal', -599],
      ['fee', -2000],
      ['other', -700],
      ['other', 100],
    ]);
  });

  it('with a hole is none', async () => {
    const failure: unknown = await read(1, () => ({ transactionDetails: [line('1')] })).catch(
      (error: unknown) => error,
    );
    expect(failure).to.include({ issue: 'UNKNOWN_TOTAL_PAGES' });
  });
});
