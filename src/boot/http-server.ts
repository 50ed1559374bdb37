import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ExpectedFailure } from '../kit/expected-failure.ts';

export interface HttpServer {
  /** The port that was given, or the one that was free. */
  port: number;
  /** From now on requests are answered by `handler`; until then they are told to come back. */
  serve(handler: RequestListener): void;
  /** Takes no new connection, lets requests finish for `graceMs`, then cuts what is left. */
  close(graceMs: number): Promise<void>;
}

/**
 * Takes the port at once, so that a taken one is found out before a database is made.
 * @throws ExpectedFailure when the address cannot be listened on
 */
export async function openHttpServer(host: string, port: number): Promise<HttpServer> {
  let handler: RequestListener = comeBack;
  let isClosing = false;
  const server = createServer((request, response) => {
    // Whoever keeps the connection for a next request would keep the process.
    response.once('close', () => {
      if (isClosing) setImmediate(() => server.closeIdleConnections());
    });
    handler(request, response);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(new ExpectedFailure(sentence(error, host, port), { cause: error }));
    });
    server.listen(port, host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    serve(next) {
      handler = next;
    },
    close: (graceMs) =>
      new Promise((resolve) => {
        isClosing = true;
        const cut = setTimeout(() => {
          server.closeAllConnections();
        }, graceMs);
        server.close(() => {
          clearTimeout(cut);
          resolve();
        });
        server.closeIdleConnections();
      }),
  };
}

const comeBack: RequestListener = (request, response) => {
  request.resume();
  response.writeHead(503, { 'content-type': 'text/plain', 'retry-after': '1' }).end('Plantain is starting.\n');
};

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
