import { createServer } from 'node:http';
import type { RequestListener, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ExpectedFailure } from '../kit/expected-failure.ts';

export interface HttpServer {
  /** The port that was given, or the one that was free. */
  port: number;
  /** From now on requests are answered by `handler`; until then they are told to come back. */
  serve(handler: RequestListener): void;
  /**
   * Takes no new request and waits until those that have begun are done, at most `graceMs`. With `own`, requests to such
   * addresses are still answered: what has begun may need the process's own PayPal simulator.
   */
  drain(graceMs: number, own?: (url: string) => boolean): Promise<void>;
  /** Ends what is left. */
  close(): Promise<void>;
}

/**
 * Takes the port at once, so that a taken one is found out before a database is made.
 * @throws ExpectedFailure when the address cannot be listened on
 */
export async function openHttpServer(host: string, port: number): Promise<HttpServer> {
  let handler: RequestListener = comeBack('Plantain is starting.');
  const traffic = new Traffic();
  const server = createServer((request, response) => {
    traffic.watch(response);
    handler(request, response);
  });
  // Longer than nginx keeps its connections (60 s): who closes first must be the one who sends no request on it.
  server.keepAliveTimeout = 65_000;
  server.headersTimeout = 66_000;
  await listen(server, host, port);
  return {
    port: (server.address() as AddressInfo).port,
    serve(next) {
      handler = next;
    },
    async drain(graceMs, own) {
      if (own === undefined) {
        server.close();
      } else {
        const before = handler;
        const refuse = comeBack('Plantain is stopping.');
        handler = (request, response) => {
          (own(request.url ?? '') ? before : refuse)(request, response);
        };
      }
      // A connection that is kept for a next request would keep the process.
      traffic.onEnd = () => setImmediate(() => server.closeIdleConnections());
      await traffic.ended(graceMs);
    },
    async close() {
      await new Promise<void>((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      });
    },
  };
}

/** Counts the requests that are being answered. */
class Traffic {
  #active = 0;
  onEnd: () => void = () => undefined;
  #onQuiet: () => void = () => undefined;

  watch(response: { once(event: 'close', listener: () => void): unknown }): void {
    this.#active += 1;
    response.once('close', () => {
      this.#active -= 1;
      this.onEnd();
      if (this.#active === 0) this.#onQuiet();
    });
  }

  async ended(graceMs: number): Promise<void> {
    if (this.#active === 0) return;
    await new Promise<void>((resolve) => {
      const patience = setTimeout(resolve, graceMs);
      this.#onQuiet = () => {
        clearTimeout(patience);
        resolve();
      };
    });
  }
}

function comeBack(words: string): RequestListener {
  return (request, response) => {
    request.resume();
    const headers = { 'content-type': 'text/plain', 'retry-after': '1', connection: 'close' };
    response.writeHead(503, headers).end(`${words}\n`);
  };
}

async function listen(server: Server, host: string, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(new ExpectedFailure(sentence(error, host, port), { cause: error }));
    });
    server.listen(port, host, resolve);
  });
}

function sentence(error: NodeJS.ErrnoException, host: string, port: number): string {
  switch (error.code) {
    case 'EADDRINUSE':
      return `Port ${port} on ${host} is taken; stop what uses it, or set PORT to another one.`;
    case 'EACCES':
      return `Port ${port} may not be used by this user; set PORT to one above 1023.`;
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return `${host} is no address of this machine; set HOST to one that is, such as 127.0.0.1.`;
    default:
      return `Nothing can be listened to on ${host}:${port} (${error.code ?? error.message}).`;
  }
}
