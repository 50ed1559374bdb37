import { expect } from 'chai';
import { ConfigError, loadConfig } from '../src/config.ts';

const problemsOf = (env: Record<string, string>): readonly string[] => {
  try {
    loadConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
  }
  return [];
};
const paypal = { PAYPAL_CLIENT_ID: 'id', PAYPAL_CLIENT_SECRET: 'secret', PAYPAL_WEBHOOK_ID: 'hook' };

describe('settings', () => {
  it('are none at all for the default run, and an empty one is not set', () => {
    expect(loadConfig({ DATABASE_URL: '', SMTP_URL: ' ' })).to.deep.include({ port: 3000, databaseUrl: undefined });
  });

  it('are named all at once when they are wrong', () => {
    const problems = problemsOf({
      PORT: 'http',
      RATE_LIMITS: 'maybe',
      SESSION_SECRET: 'short',
      DATABASE_URL: 'mysql://x',
    });
    expect(problems.map((problem) => problem.split(' ')[0]).sort()).to.deep.equal([
      'DATABASE_URL',
      'PORT',
      'RATE_LIMITS',
      'SESSION_SECRET',
    ]);
  });

  it('take the origins of scripts with or without a slash at the end, and nothing else', () => {
    const CORS_ORIGINS = 'https://app.example.com/, http://localhost:5173';
    const expected = ['https://app.example.com', 'http://localhost:5173'];
    expect(loadConfig({ CORS_ORIGINS }).corsOrigins).to.deep.equal(expected);
    expect(problemsOf({ CORS_ORIGINS: '*' })).to.have.length(1);
  });

  it('take PayPal’s sandbox with its credentials only, and real money in production only', () => {
    expect(problemsOf({ PAYPAL_ENVIRONMENT: 'sandbox' })).to.have.length(3);
    expect(problemsOf({ PAYPAL_ENVIRONMENT: 'sandbox', ...paypal })).to.deep.equal([]);
    expect(problemsOf({ PAYPAL_ENVIRONMENT: 'live', ...paypal })).to.deep.equal([
      'PAYPAL_ENVIRONMENT may be live with NODE_ENV=production only',
    ]);
  });

  it('take any number of former keys, each as long as a key must be, and no key that such a list would cut', () => {
    const [one, two] = ['a'.repeat(32), 'b'.repeat(32)];
    expect(loadConfig({}).dataEncryptionOldKeys).to.deep.equal([]);
    const listed = loadConfig({ DATA_ENCRYPTION_OLD_KEYS: ` ${one}, ${two},` });
    expect(listed.dataEncryptionOldKeys).to.deep.equal([one, two]);
    expect(problemsOf({ DATA_ENCRYPTION_OLD_KEYS: `${one},short` })).to.deep.equal([
      'DATA_ENCRYPTION_OLD_KEYS must be a list of keys that have at least 32 characters each, separated by commas',
    ]);
    expect(problemsOf({ DATA_ENCRYPTION_KEY: `${one},${two}` })).to.deep.equal([
      'DATA_ENCRYPTION_KEY must not contain a comma',
    ]);
  });

  it('let webhooks be checked by certificate or by the gateway, and by nothing else', () => {
    expect(loadConfig({}).paypal.webhookVerification).to.equal('certificate');
    expect(loadConfig({ PAYPAL_WEBHOOK_VERIFICATION: 'gateway' }).paypal.webhookVerification).to.equal('gateway');
    expect(problemsOf({ PAYPAL_WEBHOOK_VERIFICATION: 'none' })).to.have.length(1);
  });
});
