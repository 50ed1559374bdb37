import { writeSync } from 'node:fs';
import { openTill, perform, type Command, type Told } from './spender.ts';

/**
 * A process that spends without end: single calls, batches and holds, several of each at once. It writes down each call
 * before it makes it and each answer once it has it, and is killed in the middle of it.
 */

/** What its parent tells it. */
export interface Errand {
  url: string;
  /** Names its keys. */
  life: string;
  userIds: string[];
  now: string;
}

/** A line of what it wrote. */
export type Line = { call: number; command: Command } | { call: number; told: Told[] };

const streams = { consume: 8, batch: 2, hold: 4 };

process.on('message', (message: Errand | 'go') => {
  if (message === 'go') begin?.();
  else void prepare(message);
});
// Nobody is left to end it.
process.on('disconnect', () => process.exit());

let begin: (() => void) | undefined;
let calls = 0;

async function prepare({ url, life, userIds, now }: Errand): Promise<void> {
  const till = openTill(url);
  const ask = async (command: Command): Promise<Told[]> => {
    const call = (calls += 1);
    write({ call, command });
    const { told } = await perform(till, command, new Date(now));
    write({ call, told });
    return told;
  };
  const userOf = (count: number) => userIds[count % userIds.length] ?? '';
  const work = {
    consume: (key: string, count: number) =>
      ask({ kind: 'consume', key, userId: userOf(count), amount: 1 + (count % 3) }),
    batch: (key: string, count: number) => {
      const items = Array.from({ length: 30 }, (_, place) => ({
        key: `${key} ${place}`,
        userId: userOf(count + place),
        amount: 1 + (place % 4),
      }));
      // The last one is the first again.
      return ask({ kind: 'batch', items: [...items, ...items.slice(0, 1)] });
    },
    hold: async (key: string, count: number) => {
      const userId = userOf(count);
      const [held] = await ask({ kind: 'hold', key, userId, amount: 5 });
      await ask({ kind: 'close', key, userId, holdId: held?.id ?? '', amount: count % 3 === 0 ? null : count % 6 });
    },
  };
  const each = (Object.entries(streams) as [keyof typeof streams, number][]).flatMap(([kind, most]) =>
    Array.from(
      { length: most },
      (_, stream) => (count: number) => work[kind](`${life} ${kind} ${stream} ${count}`, stream + count),
    ),
  );
  const repeat = async (once: (count: number) => Promise<unknown>): Promise<void> => {
    for (let count = 1; ; count += 1) await once(count);
  };
  begin = () => {
    for (const once of each) void repeat(once);
  };
  // Warm, as a process that has been serving for a while: connected, and its statements planned.
  await Promise.all(each.map((once) => once(0)));
  process.send?.('ready');
}

/** Into a file, at once: what is written is there, however the process ends. */
function write(line: Line): void {
  writeSync(1, `${JSON.stringify(line)}\n`);
}
