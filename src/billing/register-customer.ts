import { hashPassword } from '../accounts/passwords.ts';
import { createUser, type User } from '../accounts/users.ts';
import { openBalance } from '../credits/ledger.ts';
import { postMail } from '../mail/outbox.ts';
import { addressOf } from './mail-data.ts';
import type { Services } from './services.ts';

/** Opens an account with an empty credit balance, and welcomes. @throws EmailTaken */
export async function registerCustomer(
  { db, clock }: Services,
  customer: { email: string; password: string; name: string | null; locale: string },
): Promise<User> {
  const { password, ...rest } = customer;
  const passwordHash = await hashPassword(password);
  const now = clock.now();
  return db.transaction(async (tx) => {
    const user = await createUser(tx, { ...rest, passwordHash, now });
    await openBalance(tx, user.id);
    await postMail(db, tx, {
      template: 'welcome',
      data: { customerName: user.name },
      to: addressOf(user),
      dedupeKey: `welcome:${user.id}`,
      now,
    });
    return user;
  });
}
