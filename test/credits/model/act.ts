import fc from 'fast-check';
import { AppError } from '../../../src/kit/errors.ts';
import type { Account, Moment } from './account.ts';
import { refused, type Answer } from './spending.ts';
import { customers, type Place, type World } from './world.ts';

/** What happens to one customer at one moment, whole or not at all. */
export interface Act {
  who: number;
  /** What the model does. `given` is the real answer, which knows the ids of new things. */
  play(account: Account, moment: Moment, given: Answer): Answer;
  /** The same answer can mean that something changed and that nothing did, apart from what is written off on the way. */
  isVague?: boolean;
  /** Nobody is told whether it happened; beside other acts it may have come too early. */
  isSilent?: boolean;
}

/** What a deed comes to: one act, or many, and as many answers. */
interface Prepared {
  acts: Act[];
  run(): Promise<Answer[]>;
}

/** One thing that can be done, with the choices in doing it. */
export interface Action<Choices extends object> {
  /** How often it is drawn, beside the others. */
  weight: number;
  /** Plain data only: it is printed, and pasted into a test. */
  choices: fc.Arbitrary<Choices>;
  words(choices: Choices): string;
  /** It changes what all others hang on, so it happens beside none. */
  isAlone?: boolean;
  prepare(world: World, choices: Choices): Prepared;
}

/** Lets TypeScript find out the choices. */
export function action<Choices extends object>(given: Action<Choices>): Action<Choices> {
  return given;
}

/** Where there is nothing to do it to. */
export const nothing: Prepared = { acts: [], run: () => Promise.resolve([]) };

/** Of a call that is made so often at once. */
export function repeated(often: number, act: Act, run: () => Promise<Answer>): Prepared {
  return {
    acts: Array<Act>(often).fill(act),
    run: () => Promise.all(Array.from({ length: often }, () => answerOf(run()))),
  };
}

export function saidTimes(often: number): string {
  return often === 1 ? '' : `, ${often} times at once`;
}

/** Of a deed that is one act. */
export function one(
  who: number,
  play: Act['play'],
  run: () => Promise<Answer>,
  more: Pick<Act, 'isVague'> = {},
): Prepared {
  return { acts: [{ who, play, ...more }], run: async () => [await answerOf(run())] };
}

/** What a caller is told, refusals included. What nobody foresees is an answer as well, which the model never gives. */
export async function answerOf(work: Promise<Answer>): Promise<Answer> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof AppError)) return { failed: error instanceof Error ? error.message : String(error) };
    const { available, required, hold_status: status } = error.extra;
    const path = error.errors?.[0]?.path;
    const known = Object.entries({ available, required, status, path }).filter(([, value]) => value !== undefined);
    return refused(error.code, Object.fromEntries(known));
  }
}

/** Which process serves it. */
export const at: fc.Arbitrary<Place> = fc.constantFrom(0, 1);
/** Mostly one customer: it is their own doings that get in each other's way. */
export const who = fc.oneof({ weight: 5, arbitrary: fc.constant(0) }, { weight: 2, arbitrary: fc.nat(customers - 1) });
/** Among them somebody who does not exist. */
export const caller = fc.oneof({ weight: 25, arbitrary: who }, { weight: 1, arbitrary: fc.constant(customers) });
/** Few, so that they come again. */
export const key: fc.Arbitrary<string | null> = fc.oneof(
  { weight: 2, arbitrary: fc.constant(null) },
  { weight: 1, arbitrary: fc.constantFrom('a', 'b', 'c') },
);
export const credits: fc.Arbitrary<number> = fc.constantFrom(1, 2, 3, 3, 5, 10, 20, 50, 400);
/** Of a call that may come more than once. */
export const times: fc.Arbitrary<number> = fc.oneof(
  { weight: 4, arbitrary: fc.constant(1) },
  { weight: 1, arbitrary: fc.constantFrom(2, 2, 3, 8) },
);
export const order = fc.nat(1);

const dayMs = 86_400_000;
export const ends = {
  never: null,
  'at once': 0,
  'in 5 s': 5_000,
  'in an hour': 3_600_000,
  'in a day': dayMs,
  'in 40 days': 40 * dayMs,
};
export type End = keyof typeof ends;

export function named(customer: number): string {
  return ['Ann', 'Bob', 'Cai'][customer] ?? 'nobody';
}
