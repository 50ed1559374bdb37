import fc from 'fast-check';
import { runJobNow } from '../../src/jobs/runner.ts';
import { jobs } from '../../src/jobs/schedule.ts';
import { action, at } from './action.ts';
import { handleNews, pass } from './passing.ts';

const hour = 60;
const day = 24 * hour;
const spans = {
  'a minute': 1,
  'five minutes': 5,
  'an hour': hour,
  'seven hours': 7 * hour,
  'a day': day,
  '31 days': 31 * day,
};
type Span = keyof typeof spans;

/** What happens by itself, sooner or later. */
export const timeActions = {
  wait: action({
    weight: 5,
    choices: fc.record({ at, span: fc.constantFrom(...(Object.keys(spans) as Span[])) }),
    words: ({ span }) => `${span} later, the jobs run`,
    run: (world, { at, span }) => pass(world, at, spans[span]),
  }),

  'run a job': action({
    weight: 3,
    choices: fc.record({ at, job: fc.constantFrom(...jobs.map(({ name }) => name)) }),
    words: ({ job }) => `the job ${job} runs`,
    async run(world, { at, job }) {
      await world.attempt(`the job ${job}`, () => runJobNow(world.app(at).services, job));
    },
  }),

  'take in the news': action({
    weight: 6,
    choices: fc.record({ at, backwards: fc.boolean() }),
    words: ({ backwards }) => `the webhooks that came are handled${backwards ? ', the last first' : ''}`,
    run: (world, { at, backwards }) => handleNews(world, at, backwards),
  }),
};
