import fc from 'fast-check';
import { findDifferences } from '../../../src/billing/check-books.ts';
import { emptyAccount, type Account, type Moment } from './account.ts';
import { named, type Action } from './act.ts';
import { customerActions } from './customer-actions.ts';
import { houseActions } from './house-actions.ts';
import { answersAgree, findOrder, type Done } from './orders-of-acts.ts';
import { quotaActions } from './quota-actions.ts';
import { timeActions } from './time-actions.ts';
import { firstDifference, look, viewOf, type Found } from './view.ts';
import { customers, World, type Stage } from './world.ts';

const actions = { ...customerActions, ...houseActions, ...quotaActions, ...timeActions };
type Actions = typeof actions;
type ChoicesOf<A> = A extends Action<infer Choices> ? Choices : never;

type Deed = { [Name in keyof Actions]: { do: Name } & ChoicesOf<Actions[Name]> }[keyof Actions];
/** One deed after the other, or some at once. */
export type Step = Deed | { atOnce: Deed[] };

export interface Sequence {
  steps: Step[];
}

/** The choices that a deed carries are those of the action that it names, which TypeScript does not check here. */
function actionOf({ do: name, ...choices }: Deed): { action: Action<object>; choices: object } {
  return { action: actions[name], choices };
}

function deeds(from: [string, Action<object>][]): fc.Arbitrary<Deed> {
  return fc.oneof(
    ...from.map(([name, { weight, choices }]) => ({
      weight,
      arbitrary: choices.map((chosen) => ({ do: name, ...chosen }) as Deed),
    })),
  );
}

const all = Object.entries(actions) as unknown as [string, Action<object>][];
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: deeds(all) },
  {
    weight: 1,
    arbitrary: fc.record({
      atOnce: fc.array(deeds(all.filter(([, { isAlone }]) => isAlone !== true)), { minLength: 2, maxLength: 5 }),
    }),
  },
);

/** Most begin with something to spend. */
const gifts = all.filter(([name]) => name === 'give' || name === 'start months');
const opening = fc.array(deeds(gifts), { maxLength: 3, size: 'max' });

export const sequences: fc.Arbitrary<Sequence> = fc
  .tuple(opening, fc.array(step, { minLength: 5, maxLength: 25, size: 'max' }))
  .map(([first, then]) => ({ steps: [...first, ...then] }));

/** Plays it on both sides. @throws Error where the database says something else than the model */
export async function playByTheModel(stage: Stage, { steps }: Sequence): Promise<void> {
  const world = await World.begin(stage);
  for (const [place, next] of steps.entries()) {
    world.now += 1;
    try {
      await playStep(world, 'atOnce' in next ? next.atOnce : [next]);
    } catch (error) {
      throw new Error(`step ${place + 1}, ${error instanceof Error ? error.message : String(error)}`, { cause: error });
    }
  }
  const found = await look(stage.processes[0].db);
  for (const [customer, account] of world.accounts.entries()) {
    const difference = differ(world, account, found(world.userId(customer)));
    if (difference !== null) throw new Error(`at the end, ${named(customer)}, ${difference}`);
  }
  const differences = await findDifferences(stage.processes[0]);
  if (differences.length > 0) throw new Error(`the books: ${JSON.stringify(differences)}`);
}

async function playStep(world: World, together: readonly Deed[]): Promise<void> {
  const prepared = together.map((deed) => {
    const { action, choices } = actionOf(deed);
    return action.prepare(world, choices);
  });
  const running = prepared.map((deed) => deed.run());
  // When one fails the others still have to end: the next sequence must not meet them.
  await Promise.allSettled(running);
  const answers = await Promise.all(running);
  const done = prepared.flatMap(({ acts }, deed) => {
    return acts.map((act, place): Done => ({ act, answer: answers[deed]?.[place] ?? {} }));
  });
  const byCustomer = new Map<number, Done[]>();
  for (const one of done) byCustomer.set(one.act.who, [...(byCustomer.get(one.act.who) ?? []), one]);
  // Only of what happened at once the tables have to say in which order.
  const found = together.length > 1 || isMany(byCustomer) ? await look(world.process(0).db) : null;
  for (const [customer, theirs] of byCustomer) {
    const account = world.accounts[customer] ?? emptyAccount();
    if (found === null || customer >= customers) follow(account, theirs, world.moment);
    else world.accounts[customer] = followSome(world, account, theirs, found(world.userId(customer)));
  }
}

function isMany(byCustomer: ReadonlyMap<number, readonly Done[]>): boolean {
  return [...byCustomer.values()].some((theirs) => theirs.filter(({ act }) => act.isSilent !== true).length > 1);
}

/** In the order given. @throws Error at the first that was told something else than the model says */
function follow(account: Account, done: readonly Done[], moment: Moment): void {
  for (const one of done) {
    const { agrees, words } = playOne(account, one, moment);
    if (!agrees) throw new Error(words);
  }
}

/** In some order. @throws Error when none explains what was found */
function followSome(world: World, start: Account, done: readonly Done[], found: Found): Account {
  const moment: Moment = { ...world.moment, ranks: found.ranks };
  const end = findOrder(start, done, moment, {
    entries: found.view.entries,
    isAt: (account) => differ(world, account, found) === null,
  });
  if (end !== null) return end;
  const account = structuredClone(start);
  const lines = done.map((one) => playOne(account, one, moment).words);
  const difference = differ(world, account, found) ?? 'all is as the model has it';
  throw new Error(
    ['no order explains what happened at once. In this one:', ...lines, `and then ${difference}`].join('\n  '),
  );
}

function playOne(account: Account, { act, answer }: Done, moment: Moment): { agrees: boolean; words: string } {
  const expected = act.play(account, moment, answer);
  const agrees = answersAgree(act, expected, answer);
  const otherwise = agrees ? '' : `, the model says ${JSON.stringify(expected)}`;
  return { agrees, words: `${named(act.who)} is told ${JSON.stringify(answer)}${otherwise}` };
}

function differ(world: World, account: Account, { view }: Found): string | null {
  return firstDifference(viewOf(account, world.stage.planIds), view);
}

/** As a story, a line for each step. */
export function tell({ steps }: Sequence): string {
  const say = (deed: Deed): string => {
    const { action, choices } = actionOf(deed);
    return action.words(choices);
  };
  const lines = steps.map((next) => ('atOnce' in next ? `at once: ${next.atOnce.map(say).join(' | ')}` : say(next)));
  return lines.map((line, place) => `${place + 1}. ${line}`).join('\n');
}
