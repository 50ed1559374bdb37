import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { freePort } from './ports.ts';
import { programOf } from './services.ts';

export interface TestRedis {
  url: string;
  /** As if the machine had lost it; `start` brings an empty one back on the same port. */
  stop(): Promise<void>;
  start(): Promise<void>;
  /** As if the machine stood still: connections stay open, and nothing answers until `thaw`. */
  freeze(): void;
  thaw(): void;
  /** Stops it for good. */
  remove(): Promise<void>;
}

/** A real redis-server on a free port of loopback, with nothing kept on disk. */
export async function startRedis(): Promise<TestRedis> {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'plantain-redis-'));
  const port = await freePort();
  let child: ReturnType<typeof run> | undefined;

  const run = () =>
    spawn(
      programOf('redis'),
      ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', directory],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
  const endWithUs = () => child?.kill('SIGKILL');

  const start = async () => {
    if (child !== undefined) return;
    child = run();
    let words = '';
    for await (const chunk of child.stdout) {
      words += String(chunk);
      if (words.includes('Ready to accept connections')) break;
    }
    if (child.exitCode !== null) throw new Error(`redis-server did not start: ${words}`);
    child.stdout.resume();
  };
  const stop = async () => {
    if (child === undefined) return;
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    await ended;
    child = undefined;
  };

  process.once('exit', endWithUs);
  await start();
  return {
    url: `redis://127.0.0.1:${port}`,
    start,
    stop,
    freeze: () => void child?.kill('SIGSTOP'),
    thaw: () => void child?.kill('SIGCONT'),
    async remove() {
      await stop();
      process.removeListener('exit', endWithUs);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
