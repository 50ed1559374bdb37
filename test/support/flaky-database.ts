import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import { connectDatabase, type Database } from '../../src/db/index.ts';
import { createTestDatabase, type TestDatabase } from './database.ts';

/** A seeded test database at the end of a line that can be cut. */
export interface FlakyDatabase extends TestDatabase {
  /** As if its server had gone: connections end, and new ones are refused. */
  cut(): Promise<void>;
  /** As if a firewall swallowed everything: connections stay, nothing comes through, in either direction. */
  stall(): Promise<void>;
  mend(): Promise<void>;
}

export async function createFlakyDatabase(): Promise<FlakyDatabase> {
  const database = await createTestDatabase({ seeded: true });
  const direct = new URL(database.url);
  const lines = new Set<Socket>();
  let isStalled = false;
  let port = 0;
  let server: Server | undefined;

  const listen = async () => {
    server = createServer((near) => {
      const far = connect(Number(direct.port), direct.hostname);
      for (const [from, to] of [
        [near, far],
        [far, near],
      ] as const) {
        lines.add(from);
        from.on('error', () => to.destroy());
        from.on('close', () => {
          lines.delete(from);
          to.destroy();
        });
        from.on('data', (chunk) => to.write(chunk));
        if (isStalled) from.pause();
      }
    });
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    ({ port } = server.address() as AddressInfo);
  };
  const cut = async () => {
    const closing = server;
    server = undefined;
    if (closing === undefined) return;
    const closed = once(closing, 'close');
    closing.close();
    for (const line of lines) line.destroy();
    await closed;
  };
  await listen();

  const url = new URL(database.url);
  url.port = String(port);
  const opened: Database[] = [];
  return {
    url: url.href,
    connect({ poolSize = 10 } = {}) {
      const db = connectDatabase({ url: url.href, poolSize });
      opened.push(db);
      return db;
    },
    cut,
    stall() {
      isStalled = true;
      for (const line of lines) line.pause();
      return Promise.resolve();
    },
    async mend() {
      isStalled = false;
      for (const line of lines) line.resume();
      if (server === undefined) await listen();
    },
    async drop() {
      await Promise.all(opened.splice(0).map((db) => db.close()));
      await cut();
      await database.drop();
    },
  };
}
