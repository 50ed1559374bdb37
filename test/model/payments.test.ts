import fc from 'fast-check';
import { playByTheLaws, sequences, tell, type Sequence } from './sequence.ts';
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
 * A failure is shrunk to the fewest steps that still fail, and printed with what replays it. Once it is mended, its steps
 * go to `found.test.ts`. Steps that run at once are not replayed to the millisecond: such a failure may need some tries.
 */
describe('payments, whatever happens', function () {
  const runs = Number(process.env.MODEL_RUNS ?? 100);
  // Ten times what a sequence takes, and as much for shrinking.
  this.timeout(120_000 + runs * 10_000);
  const stage = useStage();

  it(`keep the laws in ${runs} random sequences`, async () => {
    const { MODEL_SEED: seed, MODEL_PATH: path } = process.env;
    const property = fc.asyncProperty(sequences, (sequence) => playByTheLaws(stage(), sequence));
    const outcome = await fc.check(property, {
      numRuns: runs,
      ...(seed === undefined ? {} : { seed: Number(seed) }),
      ...(path === undefined ? {} : { path, endOnFailure: true }),
    });
    if (outcome.failed) throw new Error(report(outcome));
  });
});

function report(outcome: fc.RunDetails<[Sequence]>): string {
  const { seed, counterexample, counterexamplePath: path, errorInstance, numRuns, numShrinks } = outcome;
  const [sequence] = counterexample ?? [];
  const what = errorInstance instanceof Error ? errorInstance.message : String(errorInstance);
  if (sequence === undefined) return what;
  return [
    `Sequence ${numRuns} broke a law; shrunk ${numShrinks} times, it still does:`,
    tell(sequence),
    '',
    what,
    '',
    `To play it again: MODEL_SEED=${seed} MODEL_PATH=${path ?? ''} npx mocha test/model/payments.test.ts`,
    `For found.test.ts: ${JSON.stringify(sequence)}`,
  ].join('\n');
}
