import { expect } from 'chai';
import { openHttpServer } from '../../src/boot/http-server.ts';
import { ExpectedFailure } from '../../src/kit/expected-failure.ts';

const graceMs = 5_000;

async function refusal(host: string, port: number): Promise<string> {
  try {
    const server = await openHttpServer(host, port);
    await server.close();
    return 'it listens';
  } catch (error) {
    if (error instanceof ExpectedFailure) return error.message;
    throw error;
  }
}

describe('the HTTP server of the process', () => {
  it('asks callers to come back while the rest is being started', async () => {
    const server = await openHttpServer('127.0.0.1', 0);
    const early = await fetch(`http://127.0.0.1:${server.port}/`);
    expect(early.status).to.equal(503);
    expect(early.headers.get('retry-after')).to.equal('1');
    server.serve((_request, response) => response.end('ready'));
    expect(await (await fetch(`http://127.0.0.1:${server.port}/`)).text()).to.equal('ready');
    await server.close();
  });

  it('says which port is taken', async () => {
    const server = await openHttpServer('127.0.0.1', 0);
    expect(await refusal('127.0.0.1', server.port)).to.equal(
      `Port ${server.port} on 127.0.0.1 is taken; stop what uses it, or set PORT to another one.`,
    );
    await server.close();
  });

  it('says which host is not ours', async () => {
    expect(await refusal('192.0.2.1', 0)).to.equal(
      '192.0.2.1 is no address of this machine; set HOST to one that is, such as 127.0.0.1.',
    );
  });

  it('finishes the requests that have begun when it closes, and takes no more', async () => {
    const server = await openHttpServer('127.0.0.1', 0);
    const url = `http://127.0.0.1:${server.port}/`;
    let finish: (() => void) | undefined;
    const arrived = new Promise<void>((resolve) => {
      server.serve((_request, response) => {
        finish = () => response.end('finished');
        resolve();
      });
    });
    const answer = fetch(url).then((response) => response.text());
    await arrived;
    const drained = server.drain(graceMs);
    expect(await refusal('127.0.0.1', server.port)).to.equal('it listens');
    finish?.();
    expect(await answer).to.equal('finished');
    await drained;
    await server.close();
  });

  it('cuts a request that does not end in time', async () => {
    const server = await openHttpServer('127.0.0.1', 0);
    const arrived = new Promise<void>((resolve) => {
      server.serve(() => {
        resolve();
      });
    });
    const answer = fetch(`http://127.0.0.1:${server.port}/`).catch(() => 'cut');
    await arrived;
    await server.drain(20);
    await server.close();
    expect(await answer).to.equal('cut');
  });
});
