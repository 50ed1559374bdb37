import { literal, Op, where } from 'sequelize';
import { enqueue } from '../db/queue.ts';
import type { Database, Tx } from '../db/index.ts';
import { erasedAddress, isErased } from '../kit/erased.ts';
import { newId } from '../kit/ids.ts';
import { Email } from './email.model.ts';
import type { MailTemplate, MailTemplates } from './templates.ts';

export type { Email } from './email.model.ts';

export interface NewMail<Name extends MailTemplate> {
  template: Name;
  data: MailTemplates[Name];
  to: { userId: string | null; address: string; locale: string };
  /** Says what the mail is about: a second one with the same key is not written. */
  dedupeKey: string;
  /** The id of the mail that it repeats. */
  copyOf?: string;
  now: Date;
}

/**
 * Writes a mail into the outbox in the transaction of what it reports; it is sent after that commits. → whether it was
 * written now (false: there was one with this key, or who it is for was erased)
 */
export async function postMail<Name extends MailTemplate>(db: Database, tx: Tx, mail: NewMail<Name>): Promise<boolean> {
  const { template, data, to, dedupeKey, copyOf = null, now } = mail;
  if (isErased(to.address)) return false;
  const id = newId();
  const row = { id, userId: to.userId, template, locale: to.locale, toAddress: to.address, data, dedupeKey, copyOf };
  await Email.bulkCreate([{ ...row, createdAt: now }], { ignoreDuplicates: true, transaction: tx });
  const isNew = (await Email.count({ where: { id }, transaction: tx })) === 1;
  if (isNew) await enqueue(db, tx, 'send_mail', { emailId: id }, `mail:${id}`);
  return isNew;
}

/** How long a process has a mail to itself. Machine time: a lease is not business. */
const leaseSeconds = 120;
/** A day's worth, by the waiting times of `unsentMails`: a mail outlives the mail server's bad night. */
export const maxAttempts = 40;

/** Takes a mail to send it, unless it was sent or another process has it. */
export async function claimMail(db: Database, id: string): Promise<Email | null> {
  const { rowCount } = await db.pool.query(
    `UPDATE emails SET attempts = attempts + 1, claimed_until = now() + make_interval(secs => $2)
     WHERE id = $1 AND status = 'pending' AND (claimed_until IS NULL OR claimed_until < now())`,
    [id, leaseSeconds],
  );
  return rowCount === 1 ? Email.findByPk(id) : null;
}

/** What opened a door from the mail is forgotten with it: the outbox keeps no key. */
export async function markSent(mail: Email, subject: string, now: Date): Promise<void> {
  const data = Object.fromEntries(Object.entries(mail.data).filter(([name]) => name !== 'token'));
  await mail.update({ status: 'sent', subject, sentAt: now, error: null, claimedUntil: null, data });
}

/** Gives the mail back to be tried again, or gives it up after `maxAttempts`. */
export async function markUnsent(mail: Email, error: string): Promise<void> {
  const status = mail.attempts >= maxAttempts ? 'failed' : 'pending';
  await mail.update({ status, error, claimedUntil: null });
}

/**
 * Mails that wait since before `createdBefore`, a bounded batch. After n attempts a mail waits until it is n² minutes old,
 * behind those that were tried less.
 */
export async function unsentMails(createdBefore: Date, limit: number): Promise<string[]> {
  const rows = await Email.findAll({
    attributes: ['id'],
    where: {
      status: 'pending',
      [Op.and]: where(literal('created_at + make_interval(mins => attempts * attempts)'), Op.lte, createdBefore),
    },
    order: [
      ['attempts', 'ASC'],
      ['createdAt', 'ASC'],
    ],
    limit,
  });
  return rows.map((row) => row.id);
}

export async function findMail(id: string, tx: Tx): Promise<Email | null> {
  return Email.findByPk(id, { transaction: tx });
}

/** What mails said, and to which address, goes; that they were sent stays. Those on their way are not sent. → how many */
export async function eraseMailsOf(tx: Tx, userId: string): Promise<number> {
  const unsent = await Email.destroy({ where: { userId, status: 'pending' }, transaction: tx });
  const [sent] = await Email.update(
    { toAddress: erasedAddress(userId), data: {}, subject: null, error: null },
    { where: { userId }, transaction: tx },
  );
  return unsent + sent;
}
