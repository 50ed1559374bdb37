import { stopwatch } from '../kit/clock.ts';

/** Where the start is told to people. In production nobody is told; there the log speaks. */
export interface Terminal {
  /** Announces a step; the one before it is done. */
  step(what: string): void;
  /** Closes the last step and prints lines as they are. */
  print(...lines: string[]): void;
}

export const silentTerminal: Terminal = { step: () => undefined, print: () => undefined };

interface Output {
  write(text: string): unknown;
  isTTY?: boolean;
}

/** One line a step: on a terminal it is rewritten with its time when it is done, elsewhere it is printed once done. */
export function createTerminal(output: Output): Terminal {
  const paint = painter(output.isTTY === true);
  let current: { what: string; elapsedMs: () => number } | undefined;
  const close = () => {
    if (current === undefined) return;
    const seconds = (current.elapsedMs() / 1000).toFixed(1);
    const line = `  ${paint.green('✔')} ${current.what.padEnd(34)} ${paint.dim(`${seconds} s`)}\n`;
    output.write(output.isTTY === true ? `\r\u001b[2K${line}` : line);
    current = undefined;
  };
  return {
    step(what) {
      close();
      current = { what, elapsedMs: stopwatch() };
      if (output.isTTY === true) output.write(`  ${paint.dim('…')} ${what}`);
    },
    print(...lines) {
      close();
      output.write(lines.map((line) => `${line}\n`).join(''));
    },
  };
}

export interface Painter {
  bold(text: string): string;
  dim(text: string): string;
  green(text: string): string;
}

/** Colours on a terminal, the bare words everywhere else. */
export function painter(colours: boolean): Painter {
  const wrap = (open: number, close: number) => (text: string) =>
    colours ? `\u001b[${open}m${text}\u001b[${close}m` : text;
  return { bold: wrap(1, 22), dim: wrap(2, 22), green: wrap(32, 39) };
}
