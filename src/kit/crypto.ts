import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  createSecretKey,
  hkdfSync,
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
  /** Names the key that seals, as it stands in envelopes. */
  readonly keyId: string;
  /** → `v1.<key id>.<nonce>.<tag>.<ciphertext>`, the last three base64url. Made with the current key. */
  seal(plain: string): string;
  /**
   * Opens what any known key sealed.
   * @throws UnknownKey when the envelope was made with a key that is not known
   * @throws Error when it was changed, or is no envelope
   */
  open(sealed: string): string;
  /** Whether the current key made it: an envelope, or a blind index. */
  isCurrent(made: string): boolean;
  /**
   * A blind index: the same text gives the same value, from which nobody without the key can tell the text, nor try one
   * out. → `v1.<key id>.<HMAC-SHA-256, base64url>`, made with the current key
   */
  index(text: string): string;
  /** What the index of a text can be while keys are changed: one for each known key. */
  indexes(text: string): string[];
}

/** An envelope whose key is not among those of the settings. Says which, never what the key is. */
export class UnknownKey extends Error {
  readonly keyId: string;

  constructor(keyId: string) {
    super(`sealed with the key ${keyId}, which is not known`);
    this.name = 'UnknownKey';
    this.keyId = keyId;
  }
}

const tagBytes = 16;

/**
 * AES-256-GCM. `current` seals; `former` are secrets that sealed before, or will in a moment, and only open. The key's id
 * stands in the envelope, so that each is opened with its own.
 */
export function createSealer(current: string, former: readonly string[] = []): Sealer {
  const keyId = keyIdOf(current);
  const key = keyOf(current);
  const known = new Map([...former.map((secret) => [keyIdOf(secret), keyOf(secret)] as const), [keyId, key]]);
  const indexKeys = new Map([current, ...former].map((secret) => [keyIdOf(secret), indexKeyOf(secret)]));
  const indexes = (text: string) =>
    [...indexKeys].map(([id, indexKey]) => {
      return `v1.${id}.${createHmac('sha256', indexKey).update(text).digest('base64url')}`;
    });
  return {
    keyId,
    seal(plain) {
      const nonce = randomBytes(12);
      const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: tagBytes });
      const body = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()]);
      return ['v1', keyId, ...[nonce, cipher.getAuthTag(), body].map((part) => part.toString('base64url'))].join('.');
    },
    open(sealed) {
      const { sealedWith, nonce, tag, body } = readEnvelope(sealed);
      const sealedBy = known.get(sealedWith);
      if (sealedBy === undefined) throw new UnknownKey(sealedWith);
      // Without its length, Node would take four bytes of a tag for the whole.
      const decipher = createDecipheriv('aes-256-gcm', sealedBy, nonce, { authTagLength: tagBytes });
      decipher.setAuthTag(tag);
      return Buffer.concat([decipher.update(body), decipher.final()]).toString('utf8');
    },
    isCurrent: (made) => made.startsWith(`v1.${keyId}.`),
    index: (text) => indexes(text)[0] ?? '',
    indexes,
  };
}

function keyOf(secret: string): KeyObject {
  return createSecretKey(createHash('sha256').update(secret).digest());
}

/** Of its own, so that no index says anything of the key that seals. */
function indexKeyOf(secret: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, '', 'plantain blind index v1', 32));
}

function keyIdOf(secret: string): string {
  return sha256(`key id of ${secret}`).slice(0, 8);
}

function readEnvelope(sealed: string): { sealedWith: string; nonce: Buffer; tag: Buffer; body: Buffer } {
  const envelope = /^v1\.([0-9a-f]{8})\.([\w-]+)\.([\w-]+)\.([\w-]*)$/.exec(sealed);
  if (envelope === null) throw new Error('not a sealed value');
  const [, sealedWith = '', ...parts] = envelope;
  const [nonce, tag, body] = parts.map((part) => Buffer.from(part, 'base64url')) as [Buffer, Buffer, Buffer];
  return { sealedWith, nonce, tag, body };
}
