import { Forbidden, InvalidCredentials } from '../kit/errors.ts';
import { verifyPassword } from './passwords.ts';
import { findUserByEmail, recordLogin, type User } from './users.ts';

/**
 * Checks a customer's address and password; an unknown address takes as long as a wrong password.
 * @throws InvalidCredentials, Forbidden (suspended; said only to who knows the password)
 */
export async function signIn(email: string, password: string, now: Date): Promise<User> {
  const user = await findUserByEmail(email);
  const matches = await verifyPassword(password, user?.passwordHash);
  if (user === null || !matches) throw new InvalidCredentials();
  if (user.status === 'suspended') throw new Forbidden('This account is suspended. Write to us to have it looked at.');
  await recordLogin(user.id, now);
  return user;
}
