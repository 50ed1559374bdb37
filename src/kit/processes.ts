import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';

const hasProc = existsSync('/proc/self/stat');

export function isAlive(pid: number): boolean {
  if (hasProc) {
    const stat = readProc(pid, 'stat');
    // A zombie has ended; only its parent has not noticed yet.
    return stat !== undefined && !/^[ZX] /.test(afterName(stat));
  }
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** When the process started, in a form that only serves comparison; undefined when the system does not tell. */
export function startOf(pid: number): string | undefined {
  if (!hasProc) return ps(pid, 'lstart');
  const stat = readProc(pid, 'stat');
  if (stat === undefined) return undefined;
  // Field 22 counts from the boot, so it says nothing without it.
  const boot = readProc('sys', 'kernel/random/boot_id');
  return boot === undefined ? undefined : `${boot.trim()}/${afterName(stat).split(' ')[19] ?? ''}`;
}

/** The command line of a process; undefined when there is no such process or the system does not tell. */
export function commandOf(pid: number): string | undefined {
  if (!hasProc) return ps(pid, 'command');
  return readProc(pid, 'cmdline')?.replaceAll('\0', ' ').trim();
}

/** Sends a signal. @returns false when the process has ended already */
export function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}

/** The name stands in brackets and may hold anything, spaces and brackets too; what follows it does not. */
function afterName(stat: string): string {
  return stat.slice(stat.lastIndexOf(')') + 2);
}

function readProc(pid: number | 'sys', file: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return undefined;
  }
}

function ps(pid: number, column: string): string | undefined {
  if (process.platform === 'win32') return undefined;
  try {
    return execFileSync('ps', ['-ww', '-o', `${column}=`, '-p', String(pid)], { encoding: 'utf8' }).trim() || undefined;
  } catch {
    return undefined;
  }
}
