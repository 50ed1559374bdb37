import { expect } from 'chai';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { CredentialsFile, readablePassword } from '../../src/boot/credentials.ts';

describe('the credentials file', () => {
  let dataDir = '';
  beforeEach(() => {
    dataDir = mkdtempSync(path.join(os.tmpdir(), 'plantain-credentials-'));
  });
  afterEach(() => {
    rmSync(dataDir, { recursive: true });
  });

  it('is made once, for its owner’s eyes only', () => {
    const { secrets } = CredentialsFile.open(dataDir).content;
    const file = path.join(dataDir, 'credentials.json');
    expect(statSync(file).mode & 0o777).to.equal(0o600);
    expect(new Set(Object.values(secrets)).size).to.equal(3);
    for (const secret of Object.values(secrets)) expect(secret.length).to.be.at.least(32);
    expect(CredentialsFile.open(dataDir).content.secrets).to.deep.equal(secrets);
    expect(readdirSync(dataDir)).to.deep.equal(['credentials.json']);
  });

  it('keeps what is added, in the same mode', () => {
    const file = CredentialsFile.open(dataDir);
    file.update({ apiKey: 'pk_test' });
    expect(CredentialsFile.open(dataDir).content).to.deep.equal(file.content);
    expect(statSync(file.file).mode & 0o777).to.equal(0o600);
  });

  it('is not made anew beside data that it was the key to', () => {
    mkdirSync(path.join(dataDir, 'postgres'));
    expect(() => CredentialsFile.open(dataDir)).to.throw(/is missing, and with it the key to the data beside it/);
  });

  it('says so when it is broken, and leaves it alone', () => {
    const file = path.join(dataDir, 'credentials.json');
    writeFileSync(file, '{"secrets":');
    expect(() => CredentialsFile.open(dataDir)).to.throw(
      `${file} is broken; put it right, or choose another DATA_DIR.`,
    );
    expect(readFileSync(file, 'utf8')).to.equal('{"secrets":');
  });

  it('holds passwords that can be read from a screen', () => {
    expect(readablePassword()).to.match(/^[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){2}$/);
    expect(readablePassword()).not.to.equal(readablePassword());
  });
});
