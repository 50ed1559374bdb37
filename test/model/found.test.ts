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
  'a refund that has no answer for weeks is given up to staff': {
    start: '2027-03-10T12:00:00Z',
    steps: [
      { do: 'buy', at: 0, who: 0, what: 'a pack of 500' },
      { do: 'go wrong', which: { on: 'refund', fault: 'timeout_before' }, times: 4, order: 0 },
      { do: 'refund', at: 0, order: 0, amountMinor: 333, twice: false },
      { do: 'reverse', capture: 0 },
      { do: 'wait', at: 0, span: '31 days' },
    ],
  },
  'a payment that PayPal decides on after weeks is not open any more': {
    start: '2027-03-10T12:00:00Z',
    steps: [
      { do: 'check out', at: 0, who: 0, what: 'a pack of 500', key: null, twice: false },
      { do: 'approve', order: 0, choice: 'approve' },
      { do: 'go wrong', which: { on: 'capture', fault: 'pending' }, times: 1, order: 0 },
      { do: 'come back', at: 0, order: 0, by: 'capture' },
      { do: 'wait', at: 0, span: '31 days' },
      { do: 'decide a held capture', capture: 0, good: true },
    ],
  },
  'a plan is not replaced while a refund of it may fail': {
    start: '2027-12-31T23:58:00Z',
    steps: [
      { do: 'buy', at: 1, who: 0, what: 'basic monthly' },
      { do: 'go wrong', which: { on: 'token', fault: 'timeout_after' }, times: 4, order: 3 },
      { do: 'refund at PayPal', capture: 1, amount: '3.33' },
      {
        atOnce: [
          { do: 'go wrong', which: { on: 'token', fault: 'error_500' }, times: 1, order: null },
          { do: 'come back', at: 0, order: 0, by: 'callback' },
          { do: 'refund', at: 0, order: 0, amountMinor: null, twice: true },
          { do: 'wait', at: 0, span: 'a minute' },
        ],
      },
      { do: 'buy', at: 0, who: 0, what: 'pro monthly' },
    ],
  },
  'a plan is not replaced while its payment is disputed': {
    start: '2028-02-29T00:00:00Z',
    steps: [
      { do: 'buy', at: 0, who: 0, what: 'basic yearly' },
      { do: 'dispute', capture: 0 },
      { do: 'buy', at: 0, who: 0, what: 'max for life' },
      { do: 'buy', at: 0, who: 0, what: 'pro monthly' },
    ],
  },
  'a refund that is booked weeks after it was made is looked for in the statement of its own day': {
    start: '2027-12-31T23:58:00Z',
    steps: [
      { do: 'buy', at: 1, who: 0, what: 'basic yearly' },
      { do: 'reverse', capture: 0 },
      {
        atOnce: [
          { do: 'wait', at: 0, span: '31 days' },
          { do: 'wait', at: 1, span: '31 days' },
          { do: 'take in the news', at: 0, backwards: false },
        ],
      },
    ],
  },
  'money that left while a refund was promised is booked when there is room, and then is no incident': {
    start: '2027-12-31T23:58:00Z',
    steps: [
      { do: 'go wrong', which: { on: 'refund', fault: 'error_500' }, times: 3, order: 1 },
      { do: 'buy', at: 1, who: 0, what: 'basic yearly' },
      { do: 'reverse', capture: 0 },
      { do: 'refund', at: 1, order: 0, amountMinor: 1, twice: true },
      { do: 'take in the news', at: 1, backwards: false },
      { do: 'wait', at: 0, span: 'an hour' },
      { do: 'replay a webhook', at: 0, webhook: 0 },
    ],
  },
  'a refund that is first asked for after its schedule has run out is given up to staff': {
    start: '2027-03-10T12:00:00Z',
    steps: [
      { do: 'buy', at: 1, who: 0, what: 'basic yearly' },
      {
        atOnce: [
          { do: 'refund', at: 0, order: 0, amountMinor: 500, twice: true },
          { do: 'go wrong', which: { on: 'token', fault: 'timeout_before' }, times: 4, order: null },
          { do: 'wait', at: 1, span: '31 days' },
        ],
      },
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
