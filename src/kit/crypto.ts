import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createSecretKey,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto';
import type { KeyObject } from 'node:crypto';

/** SHA-256 in hex: how long random secrets (tokens, API keys) are stored. */
export function sha256(text: string | Buffer): string {
  return createHash('sha256').update(text).digest('hex');
}

export function equalInConstantTime(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(sha256(a)), Buffer.from(sha256(b))];
  return timingSafeEqual(left, right);
}

/** Keeps personal data unreadable at rest. */
export interface Sealer {
  /** → `v1.<key id>.<nonce>.<tag>.<ciphertext>`, each base64url. */
  seal(plain: string): string;
  /** @throws Error when the envelope was made with another key or was changed */
  open(sealed: string): string;
}

/** AES-256-GCM under a key derived from `secret`; the key's id stands in the envelope so that keys can be rotated. */
export function createSealer(secret: string): Sealer {
  const key: KeyObject = createSecretKey(createHash('sha256').update(secret).digest());
  const keyId = sha256(`key id of ${secret}`).slice(0, 8);
  return {
    seal(plain) {
      const nonce = randomBytes(12);
      const cipher = createCipheriv('aes-256-gcm', key, nonce);
      const body = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()]);
      return ['v1', keyId, ...[nonce, cipher.getAuthTag(), body].map((part) => part.toString('base64url'))].join('.');
    },
    open(sealed) {
      const [version, sealedWith, nonce, tag, body] = sealed.split('.');
      if (version !== 'v1' || nonce === undefined || tag === undefined || body === undefined) {
        throw new Error('not a sealed value');
      }
      if (sealedWith !== keyId) throw new Error(`sealed with key ${sealedWith ?? ''}, this is key ${keyId}`);
      const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(nonce, 'base64url'));
      decipher.setAuthTag(Buffer.from(tag, 'base64url'));
      return Buffer.concat([decipher.update(Buffer.from(body, 'base64url')), decipher.final()]).toString('utf8');
    },
  };
}
