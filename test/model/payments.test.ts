import { playRandomly, randomRuns } from '../support/random-sequences.ts';
import { playByTheLaws, sequences, tell } from './sequence.ts';
import { useStage } from './stage.ts';

/**
 * Random sequences of what customers, staff, PayPal and time do to payments, some of it at once, in two processes on one
 * database. When all has come to its end, the laws must hold.
 *
 * To add something that can be done: an entry in `customer-actions.ts`, `staff-actions.ts`, `gateway-actions.ts` or
 * `time-actions.ts`, with how often it is drawn, what can be chosen in it, its words for the report, and the deed. A new
 * fault of the simulator is drawn by itself. A law: an entry in `laws.ts`, and in `laws.test.ts` a way to break it; it
 * reads both sides' tables from `evidence.ts`. What may be left open at the end stands in `settle-down.ts`; a new kind of
 * incident that may be left open goes to `explanations` in `laws.ts`.
 *
 * `npm test` plays the same sequences each time, so that a change is judged by what it changes; `npm run test:nightly`
 * draws new ones.
 *
 * A failure is cut down to the steps that it needs, and printed with what replays it. Once it is mended, its steps go to
 * `found.test.ts`. Steps that run at once are not replayed to the millisecond: such a failure may need some tries.
 */
describe('payments, whatever happens', function () {
  // Many times what they take: a machine can be busy.
  const limitMs = 300_000 + randomRuns() * 10_000;
  this.timeout(limitMs + 600_000);
  const stage = useStage();

  it(`keep the laws in ${randomRuns()} random sequences`, () =>
    playRandomly({
      sequences,
      play: (sequence) => playByTheLaws(stage(), sequence),
      tell,
      file: 'test/model/payments.test.ts',
      limitMs,
    }));
});
