import { expect } from 'chai';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import { request } from 'node:https';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { freePort } from '../support/ports.ts';
import { programOf, requireService } from '../support/services.ts';
import { projectRoot } from '../support/start.ts';

const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];

/** The file as it is deployed, but for addresses and paths that exist only in a container. */
function localConfiguration(directory: string, ports: { http: number; https: number; web: number }): string {
  return (
    readFileSync(path.join(projectRoot, 'deploy/nginx.conf'), 'utf8')
      .replaceAll('listen 80 ', `listen 127.0.0.1:${ports.http} `)
      .replaceAll('listen 443 ', `listen 127.0.0.1:${ports.https} `)
      .replaceAll(/^\s*listen \[::\].*\n/gm, '')
      // An ordinary user may not write where Debian's nginx keeps its temporary files.
      .replace('http {', `http {\n${temporary.map((name) => `${name}_temp_path ${directory}/${name};`).join('\n')}`)
      .replaceAll('/etc/nginx/tls', directory)
      .replaceAll('/dev/stdout', path.join(directory, 'access.log'))
      .replaceAll('/tmp/nginx.pid', path.join(directory, 'nginx.pid'))
      .replace('server web:3000', `server 127.0.0.1:${ports.web}`)
  );
}

describe('nginx in front of the web processes', function () {
  requireService('nginx');
  this.timeout(30_000);
  let directory = '';
  let nginx: ReturnType<typeof spawn> | undefined;
  let ports = { http: 0, https: 0, web: 0 };
  let seen: { url?: string | undefined; headers: IncomingHttpHeaders } = { headers: {} };
  const web = createServer((incoming, outgoing) => {
    seen = { url: incoming.url, headers: incoming.headers };
    outgoing.end('from the web process');
  });

  before(async () => {
    directory = mkdtempSync(path.join(os.tmpdir(), 'plantain-nginx-'));
    mkdirSync(path.join(directory, 'logs'));
    await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve));
    ports = { http: await freePort(), https: await freePort(), web: (web.address() as AddressInfo).port };
    const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
    const files = ['-keyout', path.join(directory, 'privkey.pem'), '-out', path.join(directory, 'fullchain.pem')];
    execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', ...names, ...files], {
      stdio: 'ignore',
    });
    const file = path.join(directory, 'nginx.conf');
    writeFileSync(file, localConfiguration(directory, ports));
    const program = programOf('nginx');
    execFileSync(program, ['-t', '-c', file, '-p', directory], { stdio: 'pipe' });
    nginx = spawn(program, ['-c', file, '-p', directory, '-g', 'daemon off;'], { stdio: 'ignore' });
    await untilItAnswers(`http://127.0.0.1:${ports.http}/`);
  });
  after(async () => {
    if (nginx !== undefined) {
      const ended = once(nginx, 'exit');
      nginx.kill('SIGQUIT');
      await ended;
    }
    web.closeAllConnections();
    web.close();
    rmSync(directory, { recursive: true, force: true });
  });

  it('sends plain http to https', async () => {
    const response = await fetch(`http://127.0.0.1:${ports.http}/checkout/pro?type=monthly`, { redirect: 'manual' });
    expect(response.status).to.equal(308);
    expect(response.headers.get('location')).to.equal('https://127.0.0.1/checkout/pro?type=monthly');
  });

  it('says who asked, over https, whatever the client claims', async () => {
    const answer = await get(ports.https, '/account', {
      'x-forwarded-for': '203.0.113.9',
      'x-forwarded-proto': 'http',
    });
    expect(answer).to.deep.equal({ status: 200, body: 'from the web process' });
    expect(seen.url).to.equal('/account');
    expect(seen.headers['x-forwarded-for']).to.equal('127.0.0.1');
    expect(seen.headers['x-forwarded-proto']).to.equal('https');
    expect(seen.headers['x-request-id']).to.match(/^[0-9a-f]{32}$/);
  });

  for (const hidden of ['/metrics', '/readyz', '/sandbox', '/sandbox/api/clock']) {
    it(`keeps ${hidden} from the public`, async () => {
      expect((await get(ports.https, hidden)).status).to.equal(404);
    });
  }

  it('keeps the query string out of its log', async () => {
    await get(ports.https, '/checkout/return?token=SECRET-TOKEN');
    expect(seen.url).to.contain('SECRET-TOKEN');
    expect(readFileSync(path.join(directory, 'access.log'), 'utf8'))
      .to.contain('/checkout/return')
      .and.not.contain('SECRET');
  });
});

async function untilItAnswers(url: string): Promise<void> {
  for (;;) {
    const answered = await fetch(url, { redirect: 'manual' }).then(
      () => true,
      () => false,
    );
    if (answered) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function get(
  port: number,
  url: string,
  headers: Record<string, string> = {},
): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const call = request({ host: '127.0.0.1', port, path: url, headers, rejectUnauthorized: false }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => (body += text));
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, body });
      });
    });
    call.on('error', reject).end();
  });
}
