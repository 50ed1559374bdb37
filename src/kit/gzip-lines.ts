import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { createGunzip, createGzip } from 'node:zlib';

/** What a file of lines holds, and how to know it again. The hash is that of the file as it lies there, compressed. */
export interface LinesSummary {
  rows: number;
  bytes: number;
  sha256: string;
}

/**
 * Writes lines into a gzip file that is there whole, and on the disk, or not at all: it is made aside and moved into place.
 * @param lines without line breaks, in groups
 */
export async function writeLines(file: string, lines: AsyncIterable<readonly string[]>): Promise<LinesSummary> {
  const draft = `${file}.draft`;
  await rm(draft, { force: true });
  const handle = await open(draft, 'wx', 0o600);
  const hash = createHash('sha256');
  const summary = { rows: 0, bytes: 0 };
  try {
    const gzip = createGzip();
    const feed = async (): Promise<void> => {
      for await (const group of lines) {
        summary.rows += group.length;
        if (group.length > 0 && !gzip.write(`${group.join('\n')}\n`)) {
          await new Promise<void>((resolve) => gzip.once('drain', resolve));
        }
      }
      gzip.end();
    };
    const fed = feed().catch((error: unknown) => {
      gzip.destroy(error as Error);
      throw error;
    });
    const drained = (async () => {
      for await (const chunk of gzip as AsyncIterable<Buffer>) {
        hash.update(chunk);
        summary.bytes += chunk.length;
        await handle.writeFile(chunk);
      }
    })();
    await Promise.all([fed, drained]);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(draft, file);
  await syncDirectory(path.dirname(file));
  return { ...summary, sha256: hash.digest('hex') };
}

/** Writes a small file so that it is there whole, and on the disk. */
export async function writeDurably(file: string, text: string): Promise<void> {
  const handle = await open(`${file}.draft`, 'w', 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(`${file}.draft`, file);
  await syncDirectory(path.dirname(file));
}

/** A name is on the disk when its directory is. */
async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * The lines of such a file, one after the other, in bounded memory. → when all are read, what it holds
 * @throws Error when it is not there, or damaged
 */
export async function* readLines(file: string): AsyncGenerator<string, LinesSummary> {
  const hash = createHash('sha256');
  const summary = { rows: 0, bytes: 0 };
  const source = createReadStream(file);
  const gunzip = createGunzip();
  source.on('error', (error) => gunzip.destroy(error));
  source.on('data', (chunk) => {
    hash.update(chunk);
    summary.bytes += chunk.length;
  });
  source.pipe(gunzip);
  try {
    let rest = '';
    for await (const chunk of gunzip.setEncoding('utf8') as AsyncIterable<string>) {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        summary.rows += 1;
        yield line;
      }
    }
    if (rest !== '') throw new Error(`${file} ends in the middle of a line`);
  } finally {
    source.destroy();
    gunzip.destroy();
  }
  return { ...summary, sha256: hash.digest('hex') };
}

/** Reads a file to its end and keeps nothing of it. @throws Error when it is not there, or damaged */
export async function summarizeLines(file: string): Promise<LinesSummary> {
  const lines = readLines(file);
  for (;;) {
    const { done, value } = await lines.next();
    if (done === true) return value;
  }
}
