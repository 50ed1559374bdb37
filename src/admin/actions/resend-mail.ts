import { z } from 'zod';
import { getUser } from '../../accounts/users.ts';
import { resendMail } from '../../billing/resend-mail.ts';
import { newId } from '../../kit/ids.ts';
import { reason, recordAction, textOf } from './action.ts';

export const resendMailAction = recordAction({
  resource: 'emails',
  name: 'resend',
  icon: 'Send',
  offered: ({ status, userId }) => status !== 'pending' && userId !== null,
  body: z.strictObject({ reason, requestId: z.uuid() }),
  async preview(_services, row) {
    const { email, locale } = await getUser(textOf(row, 'userId'));
    const { toAddress = null, subject = null, template = null } = row;
    return { subject: subject ?? template, toAddress, email, locale, requestId: newId() };
  },
  async perform(services, row, body, staff) {
    await resendMail(services, { ...body, mailId: textOf(row, 'id'), staff });
    return { message: 'mailResent', type: 'info' };
  },
});
