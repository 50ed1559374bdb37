import type { StaffActor } from '../accounts/staff.ts';
import { getUser } from '../accounts/users.ts';
import { recordAudit } from '../audit/audit.ts';
import { Conflict, NotFound, ValidationFailed } from '../kit/errors.ts';
import { findMail, postMail } from '../mail/outbox.ts';
import type { MailTemplate, MailTemplates } from '../mail/templates.ts';
import { addressOf } from './mail-data.ts';
import type { Services } from './services.ts';

/**
 * Sends a customer a mail of the outbox once more: a copy, with what it said then, to the address that they have now and
 * in their language of now. The same form sent twice sends one.
 * @throws ValidationFailed without a reason, NotFound, Conflict when it is on its way or went to no customer
 */
export async function resendMail(
  { db, clock }: Services,
  { mailId, requestId, staff, ...given }: { mailId: string; requestId: string; reason: string; staff: StaffActor },
): Promise<void> {
  const reason = given.reason.trim();
  if (reason === '') throw new ValidationFailed([{ path: 'reason', message: 'Say why.' }]);
  const now = clock.now();
  await db.transaction(async (tx) => {
    const mail = await findMail(mailId, tx);
    if (mail === null) throw new NotFound('There is no such mail.');
    if (mail.status === 'pending') throw new Conflict('This mail is on its way. It is sent by itself.');
    if (mail.userId === null) throw new Conflict('This mail went to staff. Only customers’ mails are sent again.');
    const user = await getUser(mail.userId, tx);
    if (user.status === 'deleted') throw new Conflict('This account was erased: there is no address to write to.');
    const isNew = await postMail(db, tx, {
      template: mail.template as MailTemplate,
      data: mail.data as MailTemplates[MailTemplate],
      to: addressOf(user),
      dedupeKey: `copy:${requestId}`,
      copyOf: mailId,
      now,
    });
    if (!isNew) return;
    await recordAudit(tx, {
      staffId: staff.staffId,
      actor: staff.name,
      address: staff.address,
      action: 'mail.resend',
      subjectType: 'user',
      subjectId: user.id,
      reason,
      after: { mail: mailId, template: mail.template },
      now,
    });
  });
}
