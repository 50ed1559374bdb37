import { chmodSync, existsSync, mkdtempSync, readFileSync, readdirSync, realpathSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { connectDatabase } from '../../src/db/index.ts';
import { startEmbeddedPostgres } from '../../src/db/embedded.ts';
import type { EmbeddedPostgres } from '../../src/db/embedded.ts';
import { migrate, seed } from '../../src/db/migrate.ts';
import { commandOf, isAlive, signal } from '../../src/kit/processes.ts';
import { administer, withDatabase } from './administer.ts';

/** Names the desk's address; workers of a parallel run inherit it. */
export const deskVariable = 'PLANTAIN_TEST_DESK';

export type Template = 'migrated' | 'seeded';

const prefix = 'plantain-test-';

/**
 * One throwaway cluster for a whole run of mocha, started when the first test file asks for a database: the file that
 * tests pure functions does not wait for it. Workers ask this process over loopback.
 */
export async function openDesk(): Promise<() => Promise<void>> {
  let cluster: Promise<EmbeddedPostgres> | undefined;
  const directory: string[] = [];
  const templates = new Map<Template, Promise<string>>();
  const clusterOnce = () => (cluster ??= startCluster(directory));
  const once = (template: Template) => {
    const made = templates.get(template) ?? clusterOnce().then(({ url }) => makeTemplate(url, template, once));
    templates.set(template, made);
    return made;
  };

  const desk = createServer((request, response) => {
    const template = request.url === '/seeded' ? 'seeded' : 'migrated';
    Promise.all([clusterOnce(), once(template)]).then(
      ([{ url }, name]) => response.end(JSON.stringify({ url, name })),
      (error: unknown) => response.writeHead(500).end(error instanceof Error ? error.stack : String(error)),
    );
  });
  await new Promise<void>((resolve) => desk.listen(0, '127.0.0.1', resolve));
  process.env[deskVariable] = `http://127.0.0.1:${(desk.address() as AddressInfo).port}`;

  return async () => {
    desk.closeAllConnections();
    desk.close();
    await (await cluster?.catch(() => undefined))?.stop();
    directory.forEach(removeCluster);
  };
}

/** What a worker or the main process asks the desk. */
export async function askDesk(template: Template): Promise<{ url: string; name: string }> {
  const desk = process.env[deskVariable];
  if (desk === undefined) throw new Error('no test cluster: run this file with mocha from the root of the project');
  const response = await fetch(`${desk}/${template}`);
  if (!response.ok) throw new Error(`the test database could not be made: ${await response.text()}`);
  return (await response.json()) as { url: string; name: string };
}

async function startCluster(directory: string[]): Promise<EmbeddedPostgres> {
  sweep();
  const dataDir = mkdtempSync(path.join(os.tmpdir(), `${prefix}${process.pid}-`));
  // As root the server runs as another user, who must be able to enter.
  chmodSync(dataDir, 0o755);
  directory.push(dataDir);
  return startEmbeddedPostgres({ dataDir, throwaway: true });
}

async function makeTemplate(
  url: string,
  template: Template,
  once: (template: Template) => Promise<string>,
): Promise<string> {
  const name = `template_${template}`;
  const from = template === 'seeded' ? await once('migrated') : 'template0';
  await administer(url, `CREATE DATABASE ${name} TEMPLATE ${from}`);
  const db = connectDatabase({ url: withDatabase(url, name), poolSize: 2 });
  try {
    await (template === 'seeded' ? seed(db) : migrate(db));
  } finally {
    await db.close();
  }
  return name;
}

/** Clusters of runs that were killed. */
function sweep(): void {
  for (const name of readdirSync(os.tmpdir()).filter((entry) => entry.startsWith(prefix))) {
    const owner = Number(name.slice(prefix.length).split('-')[0]);
    if (isAlive(owner)) continue;
    removeCluster(path.join(os.tmpdir(), name));
  }
}

/** Also what lies elsewhere because the server's user could not enter the directory. */
export function removeCluster(dataDir: string): void {
  const link = path.join(dataDir, 'postgres');
  if (existsSync(link)) {
    const cluster = realpathSync(link);
    endServer(path.join(cluster, 'data'));
    rmSync(cluster, { recursive: true, force: true, maxRetries: 5 });
  }
  rmSync(dataDir, { recursive: true, force: true, maxRetries: 5 });
}

function endServer(data: string): void {
  const pidFile = path.join(data, 'postmaster.pid');
  if (!existsSync(pidFile)) return;
  const pid = Number(readFileSync(pidFile, 'utf8').split('\n')[0]);
  if (isAlive(pid) && commandOf(pid)?.includes(data) === true) signal(pid, 'SIGQUIT');
}
