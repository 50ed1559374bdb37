import type { Secrets } from '../../src/system.ts';

/** Of every Plantain that a test starts, so that a second process opens what the first has sealed. */
export const testSecrets: Secrets = {
  session: 'session '.repeat(5),
  jwt: 'jwt '.repeat(10),
  dataEncryption: 'data '.repeat(8),
};
