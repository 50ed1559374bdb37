import fc from 'fast-check';
import { sequences, play, tell } from './sequence.ts';
import { Stage } from './stage.ts';

const runs = Number(process.env.MODEL_RUNS ?? 100);

describe('payments, whatever happens', function () {
  this.timeout(120_000 + runs * 5_000);
  let stage: Stage;
  before(async () => {
    stage = await Stage.open();
  });
  after(() => stage.close());

  it(`keep the books in ${runs} random sequences`, async () => {
    const property = fc.asyncProperty(sequences, (sequence) => play(stage, sequence));
    const { MODEL_SEED: seed, MODEL_PATH: path } = process.env;
    const outcome = await fc.check(property, {
      numRuns: runs,
      ...(seed === undefined ? {} : { seed: Number(seed) }),
      ...(path === undefined ? {} : { path, endOnFailure: true }),
    });
    if (!outcome.failed) return;
    throw new Error(report(outcome));
  });
});

function report({
  seed,
  counterexample,
  counterexamplePath,
  errorInstance,
  numRuns,
  numShrinks,
}: fc.RunDetails<[Parameters<typeof tell>[0]]>): string {
  const [sequence] = counterexample ?? [];
  return [
    `sequence ${numRuns} broke a law (shrunk ${numShrinks} times):`,
    errorInstance instanceof Error ? errorInstance.message : String(errorInstance),
    '',
    sequence === undefined ? '' : tell(sequence),
    '',
    `Again: MODEL_SEED=${seed} MODEL_PATH=${counterexamplePath ?? ''} npx mocha test/model/payments.test.ts`,
    'As a test, in found.test.ts:',
    JSON.stringify(sequence),
  ].join('\n');
}
