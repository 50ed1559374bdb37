import { Op, UniqueConstraintError, col, fn, where } from 'sequelize';
import type { Tx } from '../db/index.ts';
import { EmailTaken, NotFound } from '../kit/errors.ts';
import { erasedAddress } from '../kit/erased.ts';
import { newId } from '../kit/ids.ts';
import { User } from './user.model.ts';

export type { User } from './user.model.ts';

export interface NewUser {
  email: string;
  passwordHash: string | null;
  name: string | null;
  locale: string;
  now: Date;
}

/** @throws EmailTaken, whatever the case of the letters */
export async function createUser(tx: Tx, { now, ...user }: NewUser): Promise<User> {
  try {
    return await User.create({ id: newId(), ...user, createdAt: now, updatedAt: now }, { transaction: tx });
  } catch (error) {
    if (error instanceof UniqueConstraintError) throw new EmailTaken();
    throw error;
  }
}

export async function findUser(id: string, tx?: Tx): Promise<User | null> {
  return User.findByPk(id, { transaction: tx ?? null });
}

/** @throws NotFound */
export async function getUser(id: string, tx?: Tx): Promise<User> {
  const user = await findUser(id, tx);
  if (user === null) throw new NotFound('There is no such user.');
  return user;
}

/**
 * Locks the user's row until the transaction ends, before their plan and their credits. Rows that point at it can still
 * be written, or whoever holds the credits and appends an entry would wait for us, and we for them. @throws NotFound
 */
export async function lockUser(tx: Tx, id: string): Promise<User> {
  const user = await User.findByPk(id, { transaction: tx, lock: tx.LOCK.NO_KEY_UPDATE });
  if (user === null) throw new NotFound('There is no such user.');
  return user;
}

export async function findUserByEmail(email: string): Promise<User | null> {
  return User.findOne({
    where: { [Op.and]: [where(fn('lower', col('email')), email.toLowerCase()), { status: { [Op.ne]: 'deleted' } }] },
  });
}

export async function recordLogin(userId: string, now: Date): Promise<void> {
  await User.update({ lastLoginAt: now }, { where: { id: userId } });
  await User.increment('loginCount', { where: { id: userId } });
}

export async function updateProfile(
  userId: string,
  changes: { name?: string | null; locale?: string; mailLowBalance?: boolean },
  now: Date,
): Promise<User> {
  await User.update({ ...changes, updatedAt: now }, { where: { id: userId } });
  return getUser(userId);
}

export async function setStatus(tx: Tx, user: User, status: User['status'], now: Date): Promise<void> {
  await user.update({ status, updatedAt: now }, { transaction: tx });
}

/** The person goes, the row stays for the books to point at; the address is free again. */
export async function eraseAccount(tx: Tx, user: User, now: Date): Promise<void> {
  const nothing = { name: null, passwordHash: null, emailVerifiedAt: null, lastLoginAt: null, mailLowBalance: false };
  await user.update(
    { ...nothing, email: erasedAddress(user.id), status: 'deleted', updatedAt: now },
    { transaction: tx },
  );
}
