import nodemailer from 'nodemailer';

/** A mail as it leaves the house. */
export interface OutgoingMail {
  /** The outbox row's id: the Message-ID is made from it, so that a mail that is sent again is known to be the same. */
  id: string;
  to: string;
  subject: string;
  html: string;
  text: string;
  template: string;
  locale: string;
}

/** Hands mails over: to an SMTP server, or in the sandbox to the dev mailbox. */
export interface MailTransport {
  /** @throws Error when the mail was not taken; it is tried again later */
  send(mail: OutgoingMail): Promise<void>;
  close(): void;
}

const timeoutMs = 20_000;

/** @param from `Name <address>` */
export function createSmtpTransport(url: string, from: string): MailTransport {
  const transport = nodemailer.createTransport(
    { url, pool: true, connectionTimeout: timeoutMs, greetingTimeout: timeoutMs, socketTimeout: timeoutMs },
    { from },
  );
  const domain = /@([^>\s]+)/.exec(from)?.[1] ?? 'localhost';
  return {
    async send({ id, to, subject, html, text, locale }) {
      const headers = { 'Auto-Submitted': 'auto-generated', 'Content-Language': locale };
      await transport.sendMail({ to, subject, html, text, headers, messageId: `<${id}@${domain}>` });
    },
    close() {
      transport.close();
    },
  };
}
