import { claimMail, markSent, markUnsent, unsentMails } from '../mail/outbox.ts';
import { renderMail } from '../mail/renderer.ts';
import type { MailTemplate, MailTemplates } from '../mail/templates.ts';
import { describeError } from '../kit/logger.ts';
import { workOff } from './batches.ts';
import type { Services } from './services.ts';

const batchSize = 200;

/**
 * Sends one mail of the outbox, unless it was sent or is being sent elsewhere. @throws Error when it could not be
 * handed over; the queue tries again, later each time
 */
export async function deliverMail(services: Services, emailId: string): Promise<boolean> {
  const { db, clock, mail: transport, metrics, settings } = services;
  const mail = await claimMail(db, emailId);
  if (mail === null) return false;
  try {
    const template = mail.template as MailTemplate;
    const data = mail.data as MailTemplates[MailTemplate];
    const { id, locale, toAddress: to } = mail;
    const rendered = renderMail({ template, locale, data, publicUrl: settings.publicUrl() });
    await transport.send({ id, to, template, locale, ...rendered });
    await markSent(mail, rendered.subject, clock.now());
    metrics.mails.inc({ outcome: 'sent' });
    return true;
  } catch (error) {
    metrics.mails.inc({ outcome: 'failed' });
    await markUnsent(mail, String(describeError(error).message));
    throw error;
  }
}

/** Sends what is left in the outbox: mails whose task was lost, or whose sender died. */
export async function sweepOutbox(services: Services, createdBefore?: Date): Promise<{ sent: number; failed: number }> {
  let sent = 0;
  const before = createdBefore ?? new Date(services.clock.now().getTime() - 60_000);
  const waiting = await unsentMails(before, batchSize);
  const { failed } = await workOff(services, 'a mail', waiting, async (id) => {
    if (await deliverMail(services, id)) sent += 1;
  });
  return { sent, failed };
}
