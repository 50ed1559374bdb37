import fc from 'fast-check';
import { playByTheLaws, sequences, tell, type Sequence } from './sequence.ts';
import { useStage, type Stage } from './stage.ts';

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
  const runs = Number(process.env.MODEL_RUNS ?? 100);
  // Many times what they take: a machine can be busy.
  const limitMs = 300_000 + runs * 10_000;
  this.timeout(limitMs + 600_000);
  const stage = useStage();

  it(`keep the laws in ${runs} random sequences`, async () => {
    const { MODEL_RUNS, MODEL_PATH: path } = process.env;
    const seed = process.env.MODEL_SEED ?? (MODEL_RUNS === undefined ? '1' : undefined);
    const property = fc.asyncProperty(sequences, (sequence) => playByTheLaws(stage(), sequence));
    const outcome = await fc.check(property, {
      numRuns: runs,
      interruptAfterTimeLimit: limitMs,
      markInterruptAsFailure: true,
      // Cutting steps out of a sequence is left to `cutDown`.
      endOnFailure: true,
      ...(seed === undefined ? {} : { seed: Number(seed) }),
      ...(path === undefined ? {} : { path }),
    });
    if (outcome.failed) throw new Error(await report(stage(), outcome));
  });
});

async function report(stage: Stage, outcome: fc.RunDetails<[Sequence]>): Promise<string> {
  const { seed, counterexample, counterexamplePath: path, errorInstance, numRuns } = outcome;
  const [sequence] = counterexample ?? [];
  if (sequence === undefined) return `Only ${numRuns} sequences were played in the time that was given.`;
  const shortest = await cutDown(stage, sequence, messageOf(errorInstance));
  return [
    `Sequence ${numRuns} broke a law. Of its ${sequence.steps.length} steps these are enough:`,
    tell(shortest.sequence),
    '',
    shortest.breach,
    '',
    `To play all of it again: MODEL_SEED=${seed} MODEL_PATH=${path ?? ''} npx mocha test/model/payments.test.ts`,
    `For found.test.ts: ${JSON.stringify(shortest.sequence)}`,
  ].join('\n');
}

/** Leaves out, from the last to the first, each step without which a law is still broken. */
async function cutDown(
  stage: Stage,
  sequence: Sequence,
  breach: string,
): Promise<{ sequence: Sequence; breach: string }> {
  let shortest = { sequence, breach };
  for (const step of sequence.steps.toReversed()) {
    const fewer = { ...sequence, steps: shortest.sequence.steps.filter((other) => other !== step) };
    const still = await playByTheLaws(stage, fewer).then(() => null, messageOf);
    if (still !== null) shortest = { sequence: fewer, breach: still };
  }
  return shortest;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
