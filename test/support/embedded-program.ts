import { startEmbeddedPostgres } from '../../src/db/embedded.ts';
import { ExpectedFailure } from '../../src/kit/expected-failure.ts';

/** A program that does nothing but run the embedded server, for tests that kill it. */
try {
  const server = await startEmbeddedPostgres({ dataDir: process.argv[2] ?? '' });
  process.on('SIGTERM', () => void server.stop().then(() => process.exit(0)));
  setInterval(() => undefined, 60_000);
  console.log(JSON.stringify({ url: server.url, pid: server.pid, created: server.created }));
} catch (error) {
  if (!(error instanceof ExpectedFailure)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
