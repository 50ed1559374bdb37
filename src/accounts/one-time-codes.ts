import { Secret, TOTP } from 'otpauth';

const periodSeconds = 30;
const secretBytes = 20;
/** A phone may be so many steps behind or ahead of us. */
const window = 1;

/** Of RFC 6238, as every authenticator app takes it. → base 32 */
export function newTotpSecret(): string {
  return new Secret({ size: secretBytes }).base32;
}

function totpOf(secret: string, label = ''): TOTP {
  return new TOTP({
    issuer: 'Plantain',
    label,
    algorithm: 'SHA1',
    digits: 6,
    period: periodSeconds,
    secret: Secret.fromBase32(secret),
  });
}

/** What the QR code says: `otpauth://totp/…`. */
export function totpLink(secret: string, account: string): string {
  return totpOf(secret, account).toString();
}

/** → the step that the code belongs to, counted since 1970; null: it is none of now */
export function stepOfCode(secret: string, code: string, now: Date): number | null {
  const digits = code.replace(/\s/g, '');
  if (!/^\d{6}$/.test(digits)) return null;
  const delta = totpOf(secret).validate({ token: digits, timestamp: now.getTime(), window });
  return delta === null ? null : Math.floor(now.getTime() / 1000 / periodSeconds) + delta;
}
