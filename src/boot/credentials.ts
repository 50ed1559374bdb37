import { randomBytes } from 'node:crypto';
import { existsSync, linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { ExpectedFailure } from '../kit/expected-failure.ts';
import { newSecret, readableCode } from '../kit/ids.ts';

const person = z.object({ email: z.string(), password: z.string() });
const shape = z.object({
  /** Whom the seeded database knows; absent where another database is used that has its own people. */
  staff: person.optional(),
  customer: person.optional(),
  apiKey: z.string().optional(),
  secrets: z.object({ session: z.string(), jwt: z.string(), dataEncryption: z.string() }),
  /** Of the embedded database; its port is another one at each start. */
  databaseUrl: z.string().optional(),
});

export type Credentials = z.infer<typeof shape>;

/** What the default run makes up for itself, kept for the next start in a file that its owner alone can read. */
export class CredentialsFile {
  readonly file: string;
  #content: Credentials;

  private constructor(file: string, content: Credentials) {
    this.file = file;
    this.#content = content;
  }

  /**
   * Reads `<dataDir>/credentials.json`, or makes it.
   * @throws ExpectedFailure when it is unreadable, broken, or missing beside a database whose data it is the key to
   */
  static open(dataDir: string): CredentialsFile {
    const file = path.join(dataDir, 'credentials.json');
    const known = read(file);
    if (known !== undefined) return new CredentialsFile(file, known);
    if (existsSync(path.join(dataDir, 'postgres'))) {
      throw new ExpectedFailure(
        `${file} is missing, and with it the key to the data beside it; put it back, or remove ${dataDir} to begin anew.`,
      );
    }
    return new CredentialsFile(file, create(file));
  }

  get content(): Readonly<Credentials> {
    return this.#content;
  }

  /** Takes up what another process has added since. */
  refresh(): void {
    this.#content = read(this.file) ?? this.#content;
  }

  update(changes: Partial<Credentials>): void {
    this.#content = { ...this.#content, ...changes };
    const draft = draftOf(this.file, this.#content);
    renameSync(draft, this.file);
  }
}

/** A password that can be read from a screen: 60 random bits, `7K2M-9QXA-4TBC`. */
export function readablePassword(): string {
  return [readableCode(4), readableCode(4), readableCode(4)].join('-');
}

function read(file: string): Credentials | undefined {
  try {
    return shape.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    const why = code === undefined ? 'is broken' : `cannot be read (${code})`;
    throw new ExpectedFailure(`${file} ${why}; put it right, or choose another DATA_DIR.`, { cause: error });
  }
}

/** Linked into place: of two processes that start at once, both use what the first one made up. */
function create(file: string): Credentials {
  const content = { secrets: { session: newSecret(), jwt: newSecret(), dataEncryption: newSecret() } };
  try {
    mkdirSync(path.dirname(file), { recursive: true });
    const draft = draftOf(file, content);
    try {
      linkSync(draft, file);
    } finally {
      rmSync(draft);
    }
    return content;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const winner = code === 'EEXIST' ? read(file) : undefined;
    if (winner !== undefined) return winner;
    throw new ExpectedFailure(
      `${file} cannot be written (${code ?? String(error)}); set DATA_DIR to a directory that can.`,
      {
        cause: error,
      },
    );
  }
}

function draftOf(file: string, content: Credentials): string {
  const draft = `${file}.${randomBytes(6).toString('hex')}`;
  writeFileSync(draft, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600, flush: true });
  return draft;
}
