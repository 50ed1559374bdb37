import { defaultLocale, matchLocale, translator } from '../kit/i18n.ts';
import { createTemplates } from '../kit/templates.ts';
import { mailStyles } from './mail-styles.ts';
import type { Link } from './message.ts';
import { composeMessage } from './messages.ts';
import type { MailTemplate, MailTemplates } from './templates.ts';

export interface RenderedMail {
  subject: string;
  html: string;
  /** Says everything that the HTML says. */
  text: string;
}

const render = createTemplates();
const styles = mailStyles();

/**
 * Turns a row of the outbox into what is sent. `locale` may be any language tag; one that we do not have is English.
 * `publicUrl`: where customers reach us, without a trailing slash.
 */
export function renderMail<Name extends MailTemplate>(mail: {
  template: Name;
  locale: string;
  data: MailTemplates[Name];
  publicUrl: string;
}): RenderedMail {
  const locale = matchLocale(mail.locale) ?? defaultLocale;
  const t = translator(locale);
  const message = composeMessage(mail.template, mail.data, { locale, t });
  const name = mail.data.customerName;
  const model = {
    ...message,
    locale,
    greeting: name === null ? t('mail:hello') : t('mail:hello_name', { name }),
    button: absolute(message.button, mail.publicUrl),
    more: message.more && absolute(message.more, mail.publicUrl),
    optOut: message.optOut && absolute(message.optOut, mail.publicUrl),
    foot: message.foot ?? (message.forStaff === true ? [t('mail:why_staff')] : [t('mail:questions'), t('mail:why')]),
    publicUrl: mail.publicUrl,
    styles,
  };
  return {
    // A subject is one line, whatever a customer gave as their name.
    subject: message.subject.replace(/\s+/g, ' '),
    html: render('mail/message', model),
    text: render('mail/message.txt', model),
  };
}

function absolute({ label, path }: Link, publicUrl: string): { label: string; url: string } {
  return { label, url: publicUrl + path };
}
