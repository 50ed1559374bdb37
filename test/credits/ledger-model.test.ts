import { playRandomly, randomRuns } from '../support/random-sequences.ts';
import { playByTheModel, sequences, tell } from './model/sequence.ts';
import { useStage } from './model/world.ts';

/**
 * Random sequences of what customers, staff, jobs and time do to credits, some of it at once, in two processes on one
 * database, each step also done by a model in memory: whoever is told anything must be told what the model says, and at
 * the end all rows must be as the model has them. What happened at once must be explained by some order of it.
 *
 * To add something that can be done: an entry in `model/customer-actions.ts`, `house-actions.ts` or `time-actions.ts`, and
 * what it means in `account.ts`, `spending.ts` or `giving.ts`. In `ledger-crimes.test.ts` stands for each rule of the
 * ledger a way to break it that is found. What was found once is in `ledger-found.test.ts`.
 */
describe('the ledger, whatever happens', function () {
  // Many times what they take: a machine can be busy.
  const limitMs = 120_000 + randomRuns() * 2_000;
  this.timeout(limitMs + 120_000);
  const stage = useStage();

  it(`is as a model in memory has it, in ${randomRuns()} random sequences`, () =>
    playRandomly({
      sequences,
      play: (sequence) => playByTheModel(stage(), sequence),
      tell,
      file: 'test/credits/ledger-model.test.ts',
      limitMs,
    }));
});
