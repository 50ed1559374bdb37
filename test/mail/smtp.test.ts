import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { SMTPServer } from 'smtp-server';
import { sweepOutbox } from '../../src/billing/deliver-mail.ts';
import { Client, eventually, startApp, type TestApp } from '../support/app.ts';

describe('mail over SMTP', function () {
  this.timeout(60_000);
  const received: { to: string[]; raw: string }[] = [];
  let refuse = false;
  let server: SMTPServer;
  let app: TestApp;

  before(async () => {
    server = new SMTPServer({
      authOptional: true,
      disabledCommands: ['STARTTLS'],
      onRcptTo: (_address, _session, done) => {
        done(refuse ? Object.assign(new Error('try later'), { responseCode: 451 }) : null);
      },
      onData: (stream, session, done) => {
        const chunks: Buffer[] = [];
        stream.on('data', (chunk: Buffer) => chunks.push(chunk));
        stream.on('end', () => {
          received.push({
            to: session.envelope.rcptTo.map(({ address }) => address),
            raw: Buffer.concat(chunks).toString(),
          });
          done();
        });
      },
    });
    server.listen(0, '127.0.0.1');
    await once(server.server, 'listening');
    const { port } = server.server.address() as AddressInfo;
    app = await startApp({ config: { smtpUrl: `smtp://127.0.0.1:${port}`, mailFrom: 'Acorn <billing@acorn.test>' } });
  });
  after(async () => {
    await app.close();
    await new Promise<void>((resolve) => {
      server.close(resolve);
    });
  });

  const mailsTo = (address: string) => received.filter(({ to }) => to.includes(address));

  it('sends text and HTML, in the customer’s language, under the row’s id', async () => {
    const customer = await Client.register(app, { locale: 'zh-CN' });
    const mail = await eventually(() => Promise.resolve(mailsTo(customer.email)[0]));
    const sql = 'SELECT id FROM emails WHERE to_address = $1';
    const { rows } = await app.db.pool.query<{ id: string }>(sql, [customer.email]);
    expect(mail.raw).to.match(/^From: Acorn <billing@acorn\.test>/m);
    expect(mail.raw).to.contain(`Message-ID: <${rows[0]?.id ?? ''}@acorn.test>`);
    expect(mail.raw).to.match(/^Content-Language: zh-CN/m);
    expect(mail.raw).to.contain('text/plain').and.to.contain('text/html');
  });

  it('tries again after a refusal, and sends one mail however many processes sweep', async () => {
    refuse = true;
    const customer = await Client.register(app);
    await eventually(async () => {
      const sql = 'SELECT error FROM emails WHERE to_address = $1';
      const { rows } = await app.db.pool.query<{ error: string | null }>(sql, [customer.email]);
      return rows[0]?.error ?? undefined;
    });
    refuse = false;
    const later = new Date(app.clock.now().getTime() + 3600_000);
    await Promise.all(Array.from({ length: 5 }, () => sweepOutbox(app.services, later)));
    await eventually(() => Promise.resolve(mailsTo(customer.email)[0]));
    expect(mailsTo(customer.email)).to.have.length(1);
  });
});
