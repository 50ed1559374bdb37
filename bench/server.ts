import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { loadConfig } from '../src/config.ts';
import { connectDatabase } from '../src/db/index.ts';
import { createLogger } from '../src/kit/logger.ts';
import { createSystem } from '../src/system.ts';

/** The web process as it is deployed, with limits off. Takes the database and the token's secret, says its port. */
const [databaseUrl = '', jwtSecret = ''] = process.argv.slice(2);
const server = createServer();
server.listen(0, '127.0.0.1', () => {
  void serve((server.address() as AddressInfo).port);
});

async function serve(port: number): Promise<void> {
  const url = `http://127.0.0.1:${port}`;
  const { listener } = await createSystem({
    config: loadConfig({ RATE_LIMITS: 'off' }),
    db: connectDatabase({ url: databaseUrl }),
    log: createLogger('warn'),
    secrets: { session: jwtSecret, jwt: jwtSecret, dataEncryption: jwtSecret },
    publicUrl: () => url,
    localUrl: () => url,
  });
  server.on('request', listener);
  process.send?.({ port });
}
