import { randomBytes, randomInt, randomUUID } from 'node:crypto';
import { v7 } from 'uuid';

/** A UUIDv7: sorts by creation, so indexes stay compact. */
export function newId(): string {
  return v7();
}

/** A UUIDv7 of that time, which it begins with. Its random part comes from Node's stock, which costs a tenth of asking for one. */
export function newIdAt(time: Date): string {
  const ms = time.getTime().toString(16).padStart(12, '0');
  return `${ms.slice(0, 8)}-${ms.slice(8)}-7${randomUUID().slice(15)}`;
}

/** 256 random bits, URL-safe: for refresh tokens, API keys and secrets. */
export function newSecret(): string {
  return randomBytes(32).toString('base64url');
}

// Crockford's base 32: no I, L, O, U, so that a number read over the telephone survives.
const readableAlphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** `length` characters that people can read out without mistakes. */
export function readableCode(length: number): string {
  return Array.from({ length }, () => readableAlphabet[randomInt(readableAlphabet.length)]).join('');
}
