import pg from 'pg';
import { startEmbeddedPostgres } from '../db/embedded.ts';
import type { EmbeddedPostgres } from '../db/embedded.ts';
import { ExpectedFailure } from '../kit/expected-failure.ts';

const answerTimeoutMs = 10_000;
const oldestVersion = 15;

/**
 * Looks whether a PostgreSQL that somebody else runs can be used.
 * @throws ExpectedFailure saying what is wrong with it
 */
export async function checkDatabase(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: answerTimeoutMs });
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<{ version: string }>("SELECT current_setting('server_version_num') AS version");
    const version = Math.floor(Number(rows[0]?.version) / 10_000);
    if (version < oldestVersion) {
      throw new ExpectedFailure(`The database at ${hostOf(url)} is PostgreSQL ${version}; Plantain needs 15 or newer.`);
    }
  } catch (error) {
    throw error instanceof ExpectedFailure ? error : new ExpectedFailure(sentence(error, url), { cause: error });
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** The embedded server; `onLost` hears of its end when nobody asked for that. */
export async function startOwnDatabase(
  dataDir: string,
  { log, onLost }: { log: (step: string) => void; onLost: () => void },
): Promise<EmbeddedPostgres> {
  const server = await startEmbeddedPostgres({ dataDir, log });
  let isWanted = true;
  void server.exited.then(() => {
    if (isWanted) onLost();
  });
  return {
    ...server,
    stop() {
      isWanted = false;
      return server.stop();
    },
  };
}

function sentence(error: unknown, url: string): string {
  const { code, message } = error as { code?: string; message?: string };
  const { username, pathname } = new URL(url);
  const host = hostOf(url);
  switch (code) {
    case '28P01':
    case '28000':
      return `The database at ${host} does not let ${decodeURIComponent(username)} in; check user and password in DATABASE_URL.`;
    case '3D000':
      return `There is no database ${decodeURIComponent(pathname.slice(1))} at ${host}; create it, or correct DATABASE_URL.`;
    default:
      return `The database at ${host} cannot be reached (${code ?? message ?? 'no reason given'}); start it, or correct DATABASE_URL.`;
  }
}

function hostOf(url: string): string {
  const { hostname, port } = new URL(url);
  return `${hostname}:${port === '' ? '5432' : port}`;
}
