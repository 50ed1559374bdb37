import fc from 'fast-check';
import { action } from './act.ts';

const minuteMs = 60_000;
const spans = {
  'a second': 1_000,
  'a minute': minuteMs,
  'an hour': 60 * minuteMs,
  'a day': 1440 * minuteMs,
  'a month': 31 * 1440 * minuteMs,
  'a year': 366 * 1440 * minuteMs,
} as const;

type Span = keyof typeof spans;

/** For the step that comes next: it is a millisecond later than the one before it. */
export const timeActions = {
  wait: action({
    weight: 4,
    isAlone: true,
    choices: fc.record({
      span: fc.constantFrom<Span>(...(Object.keys(spans) as Span[]), 'a second', 'a second', 'a minute'),
    }),
    words: ({ span }) => `${span} goes by`,
    prepare: (world, { span }) => ({
      acts: [],
      run: () => {
        world.now += spans[span];
        return Promise.resolve([]);
      },
    }),
  }),

  'wait for the next end': action({
    weight: 4,
    isAlone: true,
    choices: fc.record({ offMs: fc.constantFrom(-1, 0, 0, 1) }),
    words: ({ offMs }) => `time goes by until the next grant or hold ends${offMs === 0 ? '' : `, ${offMs} ms`}`,
    prepare: (world, { offMs }) => ({
      acts: [],
      run: () => {
        const ends = world.accounts.flatMap(({ grants, holds }) => [
          ...grants.filter(({ remaining }) => remaining > 0).map(({ expiresAt }) => expiresAt ?? Infinity),
          ...holds.filter(({ status }) => status === 'open').map(({ expiresAt }) => expiresAt),
        ]);
        const next = Math.min(...ends.filter((time) => time + offMs > world.now + 1));
        if (next !== Infinity) world.now = next + offMs - 1;
        return Promise.resolve([]);
      },
    }),
  }),
};
