import fc from 'fast-check';
import type { Place, World } from './world.ts';

/** One thing that somebody can do, with the choices that they have in doing it. */
export interface Action<Choices extends object> {
  /** How often it is drawn, beside the others. */
  weight: number;
  /** Plain data only: it is shrunk, printed and pasted into a test. */
  choices: fc.Arbitrary<Choices>;
  /** What it says in the report of a failure. */
  words(choices: Choices): string;
  /** Does nothing where there is nothing to do it to. What the world must never answer is complained of. */
  run(world: World, choices: Choices): Promise<void>;
}

/** Lets TypeScript find out the choices. */
export function action<Choices extends object>(given: Action<Choices>): Action<Choices> {
  return given;
}

/** Which process serves it. */
export const at: fc.Arbitrary<Place> = fc.constantFrom(0, 1);
/** Mostly one customer: it is their own doings that get in each other's way. */
export const who = fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.constant(1) });
/** Counted from the newest, which is meant most often. */
export const nth = fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 2, arbitrary: fc.nat(3) });

/** `the newest order`, `order 2 before the newest` */
export function named(thing: string, n: number): string {
  return n === 0 ? `the newest ${thing}` : `${thing} ${n} before the newest`;
}
