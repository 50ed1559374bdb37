import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { TestApp } from '../support/app.ts';
import { projectRoot } from '../support/start.ts';
import type { Task } from './steps.ts';

/** Where the other process finds what both share. */
export interface House {
  databaseUrl: string;
  clockOffsetMs: number;
  /** Of the simulator and the pages. */
  url: string;
  rootCertificate: string;
}

export interface Order {
  task: Task;
  /** The point at which it is held, counted from 1; null: it runs to its end. */
  holdAt: number | null;
}

export interface Ended {
  points: string[];
  isHeld: boolean;
  /** What it threw; expected is what people are told without an apology: the order is closed, nothing is left. */
  error: { text: string; isExpected: boolean } | null;
}

/** A second process of Plantain on the database of an app. */
export interface OtherProcess {
  /** All at once. → how each ended, when each has ended or is held */
  run(orders: readonly Order[]): Promise<Ended[]>;
  /** SIGKILL: nothing is tidied up. */
  kill(): Promise<void>;
}

const program = fileURLToPath(new URL('process-program.ts', import.meta.url));

export async function startProcess(): Promise<{ join(app: TestApp): Promise<OtherProcess> }> {
  const child = fork(program, [], {
    cwd: projectRoot,
    execArgv: ['--import', 'tsx', '--import', './test/support/refuse-network.ts'],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const died = once(child, 'exit').then(([code, signal]: unknown[]) => String(signal ?? code));
  const hears = async (): Promise<unknown> => {
    const [message] = (await Promise.race([
      once(child, 'message'),
      died.then((how) => {
        throw new Error(`the other process ended by itself: ${how}`);
      }),
    ])) as unknown[];
    return message;
  };
  await hears();
  return {
    async join({ db, clock, simulator, url }) {
      const rootCertificate = await simulator.rootCertificate();
      child.send({ databaseUrl: db.url, clockOffsetMs: clock.offsetMs, url, rootCertificate } satisfies House);
      return {
        async run(orders) {
          child.send([...orders]);
          return (await hears()) as Ended[];
        },
        async kill() {
          child.kill('SIGKILL');
          const how = await died;
          if (how !== 'SIGKILL') throw new Error(`the other process was to be killed, and ended by ${how}`);
        },
      };
    },
  };
}
