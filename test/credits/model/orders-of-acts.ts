import { isDeepStrictEqual } from 'node:util';
import type { Account, Moment } from './account.ts';
import type { Act } from './act.ts';
import type { Answer } from './spending.ts';
import { viewOfEntries, type View } from './view.ts';

export interface Done {
  act: Act;
  answer: Answer;
}

/** Where what was done at once has led to. */
export interface End {
  entries: View['entries'];
  isAt(account: Account): boolean;
}

/** More than this is no search but a wait. */
const triesMost = 20_000;

/**
 * Looks for an order of what one customer's acts did at once in which the model gives the same answers and comes to the
 * same end; the ledger that was found says the way. → the account after it; null when there is none
 */
export function findOrder(start: Account, all: readonly Done[], moment: Moment, end: End): Account | null {
  const seen = new Set<string>();
  let tries = 0;

  const search = (account: Account, left: readonly Done[]): Account | null => {
    if (left.every(({ act }) => act.isSilent) && end.isAt(account)) return account;
    const state = `${left.map((done) => all.indexOf(done)).join()} ${JSON.stringify(account)}`;
    if (seen.has(state)) return null;
    seen.add(state);
    for (const [place, done] of left.entries()) {
      // The same call with the same answer may as well be the other one.
      if (left.slice(0, place).some((other) => isSame(other, done))) continue;
      tries += 1;
      if (tries > triesMost) throw new Error(`no order found after ${triesMost} tries`);
      const next = structuredClone(account);
      const expected = done.act.play(next, moment, done.answer);
      if (!answersAgree(done.act, expected, done.answer) || !isOnTheWay(account, next, end)) continue;
      const rest = left.filter((other) => other !== done);
      if (isDeepStrictEqual(next, account)) {
        if (done.act.isSilent === true) continue;
        // What changes nothing may as well be first, unless it is needed later, to write off what is due by then.
        if (done.act.isVague !== true && !isLater(writesOff, account, end)) return search(account, rest);
      }
      const found = search(next, rest);
      if (found !== null) return found;
    }
    return null;
  };
  return search(start, all);
}

/** Whoever is told nothing may not fail either. */
export function answersAgree(act: Act, expected: Answer, answer: Answer): boolean {
  return act.isSilent === true ? !('failed' in answer) : isDeepStrictEqual(expected, answer);
}

function isSame(one: Done, other: Done): boolean {
  return one.act === other.act && isDeepStrictEqual(one.answer, other.answer);
}

/** The ledger only grows: what was appended must stand there in the end. */
function isOnTheWay({ entries: { length } }: Account, next: Account, { entries }: End): boolean {
  return isDeepStrictEqual(viewOfEntries(next.entries.slice(length)), entries.slice(length, next.entries.length));
}

function isLater(
  is: (entry: View['entries'][number]) => boolean,
  { entries: { length } }: Account,
  { entries }: End,
): boolean {
  return entries.slice(length).some(is);
}

/** What every act does on its way: credits past their date, holds that have run out. */
function writesOff({ type }: View['entries'][number]): boolean {
  return type === 'expire' || type === 'release';
}
