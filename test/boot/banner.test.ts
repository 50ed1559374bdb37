import { expect } from 'chai';
import { banner } from '../../src/boot/banner.ts';
import { createTerminal } from '../../src/boot/terminal.ts';

const facts = {
  url: 'http://127.0.0.1:3000',
  readyAfterSeconds: 2.345,
  sandbox: true,
  credentials: {
    staff: { email: 'owner@plantain.localhost', password: 'AAAA-BBBB-CCCC' },
    customer: { email: 'demo@plantain.localhost', password: 'DDDD-EEEE-FFFF' },
    apiKey: 'pk_secret',
    secrets: { session: 's1', jwt: 's2', dataEncryption: 's3' },
  },
  credentialsFile: '.data/credentials.json',
  terminal: false,
};

describe('the banner', () => {
  it('says where everything is', () => {
    expect(banner(facts).join('\n')).to.equal(
      [
        '',
        '  Plantain is ready after 2.3 s',
        '',
        '  Pages    http://127.0.0.1:3000            demo@plantain.localhost',
        '  Admin    http://127.0.0.1:3000/admin      owner@plantain.localhost',
        '  API      http://127.0.0.1:3000/api/v1',
        '  Sandbox  http://127.0.0.1:3000/sandbox    PayPal simulator, mailbox, clock',
        '',
        '  Passwords, API key and secrets are in .data/credentials.json. Ctrl-C stops everything.',
        '',
      ].join('\n'),
    );
  });

  it('shows passwords on a terminal only', () => {
    expect(banner(facts).join('\n')).not.to.match(/AAAA|DDDD/);
    expect(banner({ ...facts, terminal: true }).join('\n'))
      .to.contain('AAAA-BBBB-CCCC')
      .and.contain('DDDD-EEEE-FFFF');
  });

  it('never shows the API key or a secret', () => {
    expect(banner({ ...facts, terminal: true }).join('\n')).not.to.match(/pk_secret|s1|s2|s3/);
  });

  it('does not offer a sandbox where there is none', () => {
    expect(banner({ ...facts, sandbox: false }).join('\n')).not.to.contain('sandbox');
  });
});

describe('progress', () => {
  const record = (isTTY: boolean) => {
    let text = '';
    const terminal = createTerminal({ isTTY, write: (part: string) => (text += part) });
    return { terminal, text: () => text };
  };

  it('is one plain line a step where nobody watches', () => {
    const { terminal, text } = record(false);
    terminal.step('Making the database');
    terminal.step('Starting the database');
    expect(text()).to.match(/^ {2}✔ Making the database +\d+\.\d s\n$/);
    terminal.print('done');
    expect(text()).to.match(/\n {2}✔ Starting the database +\d+\.\d s\ndone\n$/);
    expect(text()).not.to.contain('\u001b');
  });

  it('shows on a terminal what is being done', () => {
    const { terminal, text } = record(true);
    terminal.step('Making the database');
    expect(text()).to.contain('…').and.contain('Making the database').and.not.contain('\n');
    terminal.print();
    expect(text()).to.contain('✔').and.match(/\n$/);
  });
});
