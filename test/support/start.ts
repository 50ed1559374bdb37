import { execFileSync, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readdirSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { commandOf } from '../../src/kit/processes.ts';
import { removeCluster } from './cluster.ts';

export const projectRoot = fileURLToPath(new URL('../../', import.meta.url));

export interface Program {
  child: ChildProcess;
  pid: number;
  /** What it has said so far. */
  stdout(): string;
  stderr(): string;
  /** Waits for a line of standard output. @throws Error with everything it said when it ends before that */
  says(pattern: RegExp): Promise<RegExpExecArray>;
  /** → its exit code, or the signal that ended it */
  ended: Promise<number | string>;
}

/** Runs a TypeScript program of ours as `npm start` does, in a process group of its own like a terminal's. */
export function runProgram(file: string, args: readonly string[] = [], env: NodeJS.ProcessEnv = {}): Program {
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', '--import', './test/support/refuse-network.ts', file, ...args],
    { cwd: projectRoot, env: { ...inherited(), ...env }, stdio: ['ignore', 'pipe', 'pipe'], detached: true },
  );
  const said = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said.stderr += text));
  const ended = once(child, 'close').then(([code, signal]) => (code ?? signal) as number | string);
  const pid = child.pid;
  if (pid === undefined) throw new Error(`${file} did not start`);
  return {
    child,
    pid,
    stdout: () => said.stdout,
    stderr: () => said.stderr,
    ended,
    says: (pattern) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const found = pattern.exec(said.stdout);
          if (found !== null) resolve(found);
        };
        child.stdout.on('data', look);
        void ended.then((code) => {
          reject(new Error(`ended with ${code} before saying ${pattern.source}\n${said.stdout}\n${said.stderr}`));
        });
        look();
      }),
  };
}

/** Without the settings of whoever runs the tests, which would change what "no configuration" means. */
function inherited(): NodeJS.ProcessEnv {
  const kept = ['PATH', 'HOME', 'USER', 'LANG', 'TMPDIR', 'SystemRoot'];
  return Object.fromEntries(kept.map((name) => [name, process.env[name]]));
}

/**
 * A directory for the data of one program, closed to everyone else like those of `mktemp -d` unless it is `open`.
 * `remove` also ends a server that runs on it and takes away what had to lie elsewhere.
 */
export function temporaryDataDir({ open = false } = {}): { dataDir: string; remove(): void } {
  const parent = mkdtempSync(path.join(os.tmpdir(), 'plantain-data-'));
  if (open) chmodSync(parent, 0o755);
  return {
    dataDir: path.join(parent, 'data'),
    remove() {
      removeCluster(path.join(parent, 'data'));
      removeCluster(parent);
    },
  };
}

/** What a program that has ended left in `from`, owners and all, for another one that starts on `to`. */
export function copyDataDir(from: string, to: string): void {
  // Else the database would be moved out of a place that its user cannot enter.
  chmodSync(path.dirname(to), 0o755);
  execFileSync('cp', ['-a', from, to]);
}

/** Processes whose command line names `text`: what a test must not leave behind. */
export function processesNaming(text: string): string[] {
  return listPids()
    .map((pid) => commandOf(pid) ?? '')
    .filter((command) => command.includes(text));
}

function listPids(): number[] {
  return readdirSync('/proc').map(Number).filter(Number.isSafeInteger);
}
