import type { Config } from '../config.ts';
import type { Secrets } from '../system.ts';
import type { CredentialsFile } from './credentials.ts';

/**
 * The secrets of the settings, and those of the credentials file in the place of what they leave out.
 * @throws Error when one is in neither
 */
export function secretsOf(config: Config, credentials: CredentialsFile | undefined): Secrets {
  const made = credentials?.content.secrets;
  const [session, jwt] = [config.sessionSecret ?? made?.session, config.jwtSecret ?? made?.jwt];
  if (session === undefined || jwt === undefined) throw new Error('a secret is missing');
  return { session, jwt, ...dataKeysOf(config, credentials) };
}

/** The keys to stored data. The file's goes on opening what it sealed when the settings name another. */
export function dataKeysOf(
  config: Config,
  credentials: CredentialsFile | undefined,
): { dataEncryption: string; formerDataEncryption: readonly string[] } {
  const made = credentials?.content.secrets.dataEncryption;
  const dataEncryption = config.dataEncryptionKey ?? made;
  if (dataEncryption === undefined) throw new Error('the key to stored data is missing');
  const ofFile = made === undefined ? [] : [made];
  return { dataEncryption, formerDataEncryption: [...config.dataEncryptionOldKeys, ...ofFile] };
}
