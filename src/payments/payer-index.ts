import type { Sealer } from '../kit/crypto.ts';

/** An address as it is looked for: how it was typed makes no difference. */
export function normalizeEmail(email: string): string {
  return email.trim().normalize('NFKC').toLowerCase();
}

/** @param plain what `payments.payer_sealed` holds, opened. → its blind index; null where it names no address */
export function indexOfPayer(sealer: Pick<Sealer, 'index'>, plain: string): string | null {
  const email = emailOf(plain);
  return email === null ? null : sealer.index(normalizeEmail(email));
}

/** What a payment of this payer has as its index, under whichever key. */
export function payerIndexes(sealer: Pick<Sealer, 'indexes'>, email: string): string[] {
  return sealer.indexes(normalizeEmail(email));
}

function emailOf(plain: string): string | null {
  try {
    const payer = JSON.parse(plain) as { email?: unknown } | null;
    return typeof payer?.email === 'string' && payer.email.trim() !== '' ? payer.email : null;
  } catch {
    // Not what we write there, but it was sealed: it stays readable, and is found by nobody.
    return null;
  }
}
