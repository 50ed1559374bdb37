import { playByTheLaws, type Sequence } from './sequence.ts';
import { useStage } from './stage.ts';

/** Sequences that broke a law once. */
const found: Record<string, Sequence> = {
  'a year that was given back gives no credits, though the year after it is paid for': {
    start: '2027-03-10T12:00:00Z',
    steps: [
      { do: 'buy', at: 0, who: 0, what: 'basic yearly' },
      { do: 'buy', at: 0, who: 0, what: 'basic yearly' },
      { do: 'refund', at: 0, order: 1, amountMinor: null, twice: false },
      { do: 'wait', at: 0, span: '31 days' },
    ],
  },
  'a plan ends with the last period that is paid for, when two at its end were given back': {
    start: '2027-03-10T12:00:00Z',
    steps: [
      { do: 'buy', at: 0, who: 0, what: 'basic monthly' },
      { do: 'buy', at: 0, who: 0, what: 'basic monthly' },
      { do: 'buy', at: 0, who: 0, what: 'basic monthly' },
      { do: 'refund', at: 0, order: 1, amountMinor: null, twice: false },
      { do: 'refund', at: 0, order: 0, amountMinor: null, twice: false },
    ],
  },
};

describe('sequences that broke a law of the payments model', function () {
  this.timeout(60_000);
  const stage = useStage();
  for (const [name, sequence] of Object.entries(found)) {
    it(name, () => playByTheLaws(stage(), sequence));
  }
});
