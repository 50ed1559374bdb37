import { Op } from 'sequelize';
import type { Database, Tx } from '../db/index.ts';
import { sha256 } from '../kit/crypto.ts';
import { Unauthenticated } from '../kit/errors.ts';
import { newId, newSecret } from '../kit/ids.ts';
import { RefreshToken } from './refresh-token.model.ts';

const lifetimeMs = 60 * 24 * 3600 * 1000;

/** A first token, or the next of a family. Only its hash is kept. */
export async function issueRefreshToken(
  userId: string,
  now: Date,
  { family = newId(), tx }: { family?: string; tx?: Tx } = {},
): Promise<string> {
  const token = newSecret();
  const row = { id: newId(), userId, family, tokenHash: sha256(token), createdAt: now };
  await RefreshToken.create({ ...row, expiresAt: new Date(now.getTime() + lifetimeMs) }, { transaction: tx ?? null });
  return token;
}

/**
 * Exchanges a token for the next of its family. A token that was exchanged before is in two hands, so the whole family
 * is revoked: thief and owner both have to sign in.
 * @throws Unauthenticated
 */
export async function rotateRefreshToken(
  db: Database,
  token: string,
  now: Date,
): Promise<{ userId: string; refreshToken: string }> {
  const next = await db.transaction(async (tx) => {
    const row = await RefreshToken.findOne({
      where: { tokenHash: sha256(token) },
      transaction: tx,
      lock: tx.LOCK.UPDATE,
    });
    if (row?.revokedAt !== null || row.expiresAt <= now) return null;
    if (row.usedAt !== null) {
      await revokeFamily(row.family, now, tx);
      return null;
    }
    await row.update({ usedAt: now }, { transaction: tx });
    const { userId, family } = row;
    return { userId, refreshToken: await issueRefreshToken(userId, now, { family, tx }) };
  });
  if (next === null) throw new Unauthenticated('The refresh token is not valid any more. Sign in again.');
  return next;
}

/** Signs out: the token's family ends. An unknown token is already out. */
export async function revokeRefreshToken(token: string, now: Date): Promise<void> {
  const row = await RefreshToken.findOne({ where: { tokenHash: sha256(token) } });
  if (row !== null) await revokeFamily(row.family, now);
}

/** Signs a user out everywhere. */
export async function revokeRefreshTokensOf(tx: Tx, userId: string, now: Date): Promise<void> {
  await RefreshToken.update({ revokedAt: now }, { where: { userId, revokedAt: null }, transaction: tx });
}

/** → how many */
export async function deleteRefreshTokensOf(tx: Tx, userId: string): Promise<number> {
  return RefreshToken.destroy({ where: { userId }, transaction: tx });
}

/** Forgets tokens that have been of no use for a month. → how many */
export async function deleteStaleRefreshTokens(now: Date): Promise<number> {
  return RefreshToken.destroy({ where: { expiresAt: { [Op.lt]: new Date(now.getTime() - lifetimeMs / 2) } } });
}

async function revokeFamily(family: string, now: Date, tx?: Tx): Promise<void> {
  await RefreshToken.update({ revokedAt: now }, { where: { family, revokedAt: null }, transaction: tx ?? null });
}
