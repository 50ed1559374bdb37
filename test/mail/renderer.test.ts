import { expect } from 'chai';
import { locales } from '../../src/kit/i18n.ts';
import { renderMail } from '../../src/mail/renderer.ts';
import type { MailTemplate } from '../../src/mail/templates.ts';
import { samples } from './samples.ts';

const publicUrl = 'https://shop.example';

/** What a mail program without styles would show, as words. */
function wordsOf(html: string): string {
  const body = html.slice(html.indexOf('<body'));
  return unescape(body.replace(/<a [^>]*href="([^"]*)"[^>]*>/g, ' $1 ').replace(/<[^>]*>/g, ' '));
}

function unescape(html: string): string {
  const characters: Record<string, string> = {
    nbsp: ' ',
    amp: '&',
    lt: '<',
    gt: '>',
    quot: '"',
    '#x27': "'",
    '#x3D': '=',
  };
  return html.replace(/&([\w#]+);/g, (entity, name: string) => characters[name] ?? entity);
}

function receiptFor(customerName: string) {
  return renderMail({ template: 'receipt', locale: 'en', data: { ...samples.receipt[0]!, customerName }, publicUrl });
}

describe('mails', () => {
  for (const locale of locales) {
    for (const template of Object.keys(samples) as MailTemplate[]) {
      samples[template].forEach((data, index) => {
        it(`say the same as HTML and as plain text: ${template} ${index + 1}, ${locale}`, () => {
          const mail = renderMail({ template, locale, data: data, publicUrl });
          const html = wordsOf(mail.html);
          const words = mail.text.split(/[\s:：]+/).filter((word) => word !== '--' && word !== '');
          expect(
            words.filter((word) => !html.replaceAll(/[:：]/g, ' ').includes(word.replaceAll(/[:：]/g, ' '))),
          ).to.deep.equal([]);
          expect(html.split(/\s+/).filter((word) => !mail.text.includes(word))).to.deep.equal([]);
          for (const part of [mail.subject, mail.text, mail.html]) {
            expect(part).not.to.match(/undefined|null|NaN|\{\{|\[object/);
            expect(part).not.to.match(/\b(mail|common):[a-z_]+\./);
          }
          expect(mail.html.match(/class="on-leaf"/g), 'one button').to.have.length(1);
          expect(mail.html).not.to.match(/<img|<script|src=/);
        });
      });
    }
  }

  it('say the fact and the date in the subject', () => {
    const subjectOf = (template: MailTemplate, index = 0, locale = 'en') =>
      renderMail({ template, locale, data: samples[template][index] as never, publicUrl }).subject;
    expect(subjectOf('receipt')).to.equal('Receipt: $29.99 for Pro, one month, November 22, 2026');
    expect(subjectOf('renewal_reminder')).to.equal('Pro ends in 7 days, on December 22, 2026');
    expect(subjectOf('renewal_reminder', 2)).to.equal('Pro ends tomorrow, on December 22, 2026');
    expect(subjectOf('refund')).to.equal('Refund of $29.99 on December 22, 2026');
    expect(subjectOf('low_balance')).to.equal('380 credits left on November 22, 2026');
    expect(subjectOf('low_balance', 1)).to.equal('1 credit left on November 22, 2026');
    expect(subjectOf('low_balance', 2)).to.equal('Your credits were used up on November 22, 2026');
    expect(subjectOf('low_balance', 2, 'zh-CN')).to.equal('您的积分已于 2026年11月22日用完');
    expect(subjectOf('subscription_expired', 0, 'zh-CN')).to.equal('专业版已于 2026年12月22日到期');
  });

  it('lead back to our own pages', () => {
    const { text } = renderMail({
      template: 'renewal_reminder',
      locale: 'en',
      data: samples.renewal_reminder[0]!,
      publicUrl,
    });
    expect(text).to.contain('Renew for $29.99:\nhttps://shop.example/checkout/pro?type=monthly');
  });

  it('say what to do about few credits, and where such mails are switched off', () => {
    const [low, , , noPacks] = samples.low_balance;
    const textOf = (data: typeof low) =>
      renderMail({ template: 'low_balance', locale: 'en', data: data!, publicUrl }).text;
    expect(textOf(low))
      .to.contain('Buy a credit pack:\nhttps://shop.example/pricing#packs')
      .and.contain('See all plans:\nhttps://shop.example/pricing\n')
      .and.contain('in your account:\nhttps://shop.example/account#mails');
    expect(textOf(noPacks)).to.contain('See all plans:\nhttps://shop.example/pricing\n').and.not.contain('pack');
  });

  it('take a name for a name, not for markup or a second header', () => {
    const { html, text, subject } = receiptFor('<b>Bobby</b>\r\nBcc: everyone@example.com');
    expect(html).to.contain('&lt;b&gt;Bobby&lt;/b&gt;');
    expect(html).not.to.contain('<b>');
    expect(text).to.contain('<b>Bobby</b>');
    expect(subject).not.to.match(/[\r\n]/);
  });

  it('fall back to English for a language that we do not have', () => {
    const { subject } = renderMail({ template: 'welcome', locale: 'fr', data: { customerName: null }, publicUrl });
    expect(subject).to.equal('Your Plantain account is ready');
  });
});
