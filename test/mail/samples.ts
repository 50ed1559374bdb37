import { returnCodes } from '../../src/orders/order-states.ts';
import type { MailTemplate, MailTemplates } from '../../src/mail/templates.ts';

const name = { en: 'Pro', 'zh-CN': '专业版' };
const plan = { planCode: 'pro', planName: name };
const item = { kind: 'plan', planCode: 'pro', name, subscriptionType: 'monthly', creditsMonthly: 2000 } as const;
const pack = {
  kind: 'pack',
  packCode: 'pack-500',
  name: { en: '500 credits', 'zh-CN': '500 积分' },
  credits: 500,
} as const;
const total = { amountMinor: 2999, currency: 'USD' };
const customerName = 'Mei Lin';
const orderNo = 'PL-261122-7K3QX9VD';
const orderedAt = '2026-11-22T14:06:00.000Z';
const endsAt = '2026-12-22T14:06:00.000Z';
const change = {
  fromName: { en: 'Basic', 'zh-CN': '基础版' },
  effective: 'now' as const,
  price: { amountMinor: 3765, currency: 'USD' },
  credits: [{ orderNo: 'PL-261120-3M8RK2TC', daysLeft: 23, days: 30, credit: { amountMinor: 766, currency: 'USD' } }],
};
const problem = { customerName, orderNo, orderedAt, item, total, providerName: 'PayPal' };
const reminder = { ...plan, customerName, subscriptionType: 'monthly', creditsMonthly: 2000, endsAt } as const;
const low = { customerName, planName: name, monthlyQuota: 2000, at: orderedAt, monthEndsAt: endsAt };
const dispute = {
  customerName,
  disputeId: '019ad3a8-0000-7000-8000-000000000000',
  orderNo,
  amount: total,
  reason: 'UNAUTHORISED',
  openedAt: orderedAt,
  creditsFrozen: true,
  providerName: 'PayPal',
};

const link = {
  customerName,
  invitedBy: 'Olive Owner',
  email: 'mei.lin@shop.example',
  role: 'owner' as const,
  expiresAt: endsAt,
};

const approval = {
  customerName,
  requestId: dispute.disputeId,
  requestedBy: 'Olive Owner',
  reason: 'Charged twice by mistake',
  expiresAt: endsAt,
};

/** Every mail, in every form that it takes. */
export const samples: { [Name in MailTemplate]: MailTemplates[Name][] } = {
  welcome: [{ customerName }, { customerName: null }],
  receipt: [
    { customerName, orderNo, paidAt: orderedAt, item, total, period: { start: orderedAt, end: endsAt }, creditsExpireAt: null },
    { customerName, orderNo, paidAt: orderedAt, item, total, period: { start: endsAt, end: '2027-01-22T14:06:00Z' }, creditsExpireAt: null },
    { customerName, orderNo, paidAt: orderedAt, item, total, period: { start: orderedAt, end: null }, creditsExpireAt: null },
    { customerName, orderNo, paidAt: orderedAt, item: pack, total, period: null, creditsExpireAt: '2027-11-22T14:06:00Z' },
    { customerName, orderNo, paidAt: orderedAt, item: pack, total, period: null, creditsExpireAt: null },
    { customerName, orderNo, paidAt: orderedAt, item, total, period: { start: orderedAt, end: endsAt }, creditsExpireAt: null, change },
    { customerName, orderNo, paidAt: orderedAt, item, total, period: { start: endsAt, end: '2027-01-22T14:06:00Z' }, creditsExpireAt: null, change: { ...change, effective: 'period_end', credits: [] } },
  ], // prettier-ignore
  transfer_instructions: [
    { customerName, orderNo, item, total, account: 'IBAN: DE00 0000\nA bank', reference: orderNo, payUntil: endsAt },
  ],
  renewal_reminder: [
    ...[7, 3, 1].map((daysLeft) => ({ ...reminder, daysLeft, price: total })),
    { ...reminder, daysLeft: 7, price: null },
    { ...reminder, daysLeft: 3, price: total, endingName: { en: 'Max', 'zh-CN': '旗舰版' } },
  ],
  subscription_expired: [0, 412].map((creditsKept) => ({
    ...plan,
    customerName,
    subscriptionType: 'monthly' as const,
    endedAt: endsAt,
    creditsKept,
  })),
  subscription_cancelled: [false, true].map((endedNow) => ({ ...plan, customerName, endsAt, endedNow })),
  plan_granted: [false, true].map((isLonger) => ({
    customerName,
    planName: name,
    creditsMonthly: 2000,
    endsAt,
    isLonger,
  })),
  low_balance: [
    { ...low, available: 380, next: 'credits', packsOnSale: true },
    { ...low, available: 1, next: 'renewal', packsOnSale: true },
    { ...low, available: 0, next: 'credits', packsOnSale: true },
    { ...low, available: 0, next: 'none', packsOnSale: false },
  ],
  payment_pending: [problem],
  payment_failed: [problem, { ...problem, item: pack }],
  refund: [
    {
      ...problem,
      refundedAt: endsAt,
      refunded: total,
      creditsTakenBack: 1412,
      subscriptionEnded: true,
    },
    ...returnCodes.map((why) => ({
      ...problem,
      refundedAt: endsAt,
      refunded: total,
      creditsTakenBack: 0,
      subscriptionEnded: false,
      why,
    })),
  ],
  dispute_opened: [
    { ...dispute, respondBy: endsAt },
    { ...dispute, respondBy: null, reason: null, creditsFrozen: false },
  ],
  staff_invitation: [link, { ...link, token: 'a-token', role: 'finance' }],
  staff_password: [
    { ...link, token: 'a-token', role: 'support' },
    { ...link, role: 'viewer' },
  ],
  approval_requested: [
    { ...approval, what: { kind: 'refund', orderNo, amount: total } },
    { ...approval, what: { kind: 'adjustment', credits: -12_000 } },
  ],
};
