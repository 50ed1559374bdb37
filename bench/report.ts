/** One line of the table: a ratio to a baseline that was measured in the same run, and the limit it has to keep. */
export interface Row {
  what: string;
  measuredAs: string;
  ratio: number;
  limit: { atLeast: number } | { atMost: number };
  /** The absolute figures behind the ratio, with units. */
  figures: string;
}

export function isMet({ ratio, limit }: Row): boolean {
  return 'atLeast' in limit ? ratio >= limit.atLeast : ratio <= limit.atMost;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
}

/** Runs each of the works in turn, `rounds` times: A B A B … → the results of each, in the order of the rounds */
export async function inTurn<Name extends string, Result>(
  rounds: number,
  works: Record<Name, (round: number) => Promise<Result>>,
): Promise<Record<Name, Result[]>> {
  const names = Object.keys(works) as Name[];
  const results = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<Name, Result[]>;
  for (let round = 0; round < rounds; round += 1) {
    for (const name of names) results[name].push(await works[name](round));
  }
  return results;
}
