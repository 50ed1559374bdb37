import fc from 'fast-check';
import type { Action } from './action.ts';
import { customerActions } from './customer-actions.ts';
import { gatewayActions } from './gateway-actions.ts';
import { findBreaches } from './laws.ts';
import { settleDown } from './settle-down.ts';
import { staffActions } from './staff-actions.ts';
import type { Stage } from './stage.ts';
import { timeActions } from './time-actions.ts';
import { World } from './world.ts';

const actions = { ...customerActions, ...staffActions, ...gatewayActions, ...timeActions };
type Actions = typeof actions;
type ChoicesOf<A> = A extends Action<infer Choices> ? Choices : never;

type Deed = { [Name in keyof Actions]: { do: Name } & ChoicesOf<Actions[Name]> }[keyof Actions];
/** One deed after the other, or some at once. */
type Step = Deed | { atOnce: Deed[] };

export interface Sequence {
  start: string;
  steps: Step[];
}

/** The choices that a deed carries are those of the action that it names, which TypeScript does not check here. */
function actionOf({ do: name, ...choices }: Deed): { action: Action<object>; choices: object } {
  return { action: actions[name], choices };
}

const deed = fc.oneof(
  ...Object.entries(actions).map(([name, { weight, choices }]) => ({
    weight,
    arbitrary: (choices as fc.Arbitrary<object>).map((chosen) => ({ do: name, ...chosen }) as Deed),
  })),
);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: deed },
  { weight: 1, arbitrary: fc.record({ atOnce: fc.array(deed, { minLength: 2, maxLength: 4 }) }) },
);
/** Some of them where months are awkward. */
const start = fc.constantFrom(
  '2027-03-10T12:00:00Z',
  '2027-01-31T22:00:00Z',
  '2028-02-29T00:00:00Z',
  '2027-12-31T23:58:00Z',
);

export const sequences: fc.Arbitrary<Sequence> = fc.record({
  start,
  steps: fc.array(step, { minLength: 5, maxLength: 25, size: 'max' }),
});

/** Plays it on an empty stage and lets it come to its end. */
export async function play(stage: Stage, sequence: Sequence): Promise<World> {
  const world = await World.begin(stage, sequence.start);
  for (const next of sequence.steps) {
    const doing = deedsOf(next).map((each) => perform(world, each));
    // When one fails the others still have to end: the next sequence must not meet them.
    await Promise.allSettled(doing);
    await Promise.all(doing);
  }
  await settleDown(world);
  return world;
}

/** @throws Error naming every law that it broke */
export async function playByTheLaws(stage: Stage, sequence: Sequence): Promise<void> {
  const breaches = await findBreaches(await play(stage, sequence));
  if (breaches.length > 0) throw new Error(breaches.join('\n'));
}

function deedsOf(next: Step): Deed[] {
  return 'atOnce' in next ? next.atOnce : [next];
}

async function perform(world: World, given: Deed): Promise<void> {
  const { action, choices } = actionOf(given);
  await action.run(world, choices);
}

/** As a story, a line for each step. */
export function tell({ start: from, steps }: Sequence): string {
  const say = (given: Deed): string => {
    const { action, choices } = actionOf(given);
    return action.words(choices);
  };
  const lines = steps.map((next) => ('atOnce' in next ? `at once: ${next.atOnce.map(say).join(' | ')}` : say(next)));
  return [`from ${from}`, ...lines.map((line, place) => `${place + 1}. ${line}`)].join('\n');
}
