import { expect } from 'chai';
import { locales, translator } from '../../src/kit/i18n.ts';
import type { Order } from '../../src/orders/orders.ts';
import type { Payment } from '../../src/payments/payments.ts';
import { outcomeModel, outcomeOf, outcomeOfOrder, type Outcome } from '../../src/pages/checkout-outcome.ts';
import type { User } from '../../src/accounts/users.ts';

const now = new Date('2026-11-22T15:00:00Z');
const justNow = new Date('2026-11-22T14:59:00Z');
const lastWeek = new Date('2026-11-15T15:00:00Z');

function order(changes: Partial<Order>): Order {
  return {
    orderNo: 'PL-261122-7K3QX9VD',
    kind: 'subscription',
    status: 'pending',
    subscriptionType: 'monthly',
    snapshot: { planCode: 'pro', names: { en: 'Pro', 'zh-CN': '专业版' }, creditsMonthly: 2000 },
    amountMinor: 2999,
    refundedMinor: 0,
    currency: 'USD',
    paidAt: null,
    failureCode: null,
    periodStart: null,
    periodEnd: null,
    ...changes,
  } as unknown as Order;
}

const payment = { approvalUrl: 'https://gateway.example/approve' } as unknown as Payment;
const user = { email: 'mei@example.com' } as unknown as User;

/** Each way to stand or to end, and what leads there. */
const cases: [Outcome, Parameters<typeof outcomeOf>[0]][] = [
  ['success', { outcome: 'completed', order: order({ status: 'completed', paidAt: justNow }) }],
  ['already_paid', { outcome: 'completed', order: order({ status: 'completed', paidAt: lastWeek }) }],
  ['refunded', { outcome: 'completed', order: order({ status: 'refunded', paidAt: justNow, refundedMinor: 2999 }) }],
  [
    'returned',
    { outcome: 'returned', order: order({ status: 'refunded', paidAt: justNow, failureCode: 'PAID_LATE' }) },
  ],
  ['waiting', { outcome: 'processing', order: order({ status: 'processing' }) }],
  ['open', { outcome: 'not_approved', order: order({}) }],
  ['declined', { outcome: 'declined', order: order({}) }],
  ['cancelled', { outcome: 'closed', order: order({ status: 'cancelled' }) }],
  ['superseded', { outcome: 'closed', order: order({ status: 'cancelled', failureCode: 'PLAN_CHANGED' }) }],
  ['expired', { outcome: 'closed', order: order({ status: 'expired' }) }],
  ['failed', { outcome: 'closed', order: order({ status: 'failed' }) }],
];

describe('the end of a checkout', () => {
  for (const [outcome, settlement] of cases) {
    it(`is told as ${outcome}`, () => {
      expect(outcomeOf(settlement, now)).to.equal(outcome);
      if (outcome !== 'declined') expect(outcomeOfOrder(settlement.order, now)).to.equal(outcome);
    });
  }

  for (const locale of locales) {
    it(`has its own words and something to do, ${locale}`, () => {
      const t = translator(locale);
      const told = [...cases, ['unconfirmed', { order: order({}) }] as const].map(([outcome, { order }]) =>
        outcomeModel({ outcome, order, payment, providerName: 'PayPal', user, here: '/checkout/return', locale, t }),
      );
      for (const { outcome, heading, money, next, actions } of told) {
        expect([heading, money, next].join(), outcome).not.to.match(/checkout:|\{\{|undefined/);
        expect(actions, outcome).not.to.have.length(0);
      }
      expect(new Set(told.map(({ heading }) => heading)).size).to.equal(told.length);
    });
  }

  it('sends a declined buyer back to the gateway, and an expired one to the beginning', () => {
    const actionFor = (outcome: Outcome) =>
      outcomeModel({
        outcome,
        order: order({}),
        payment,
        providerName: 'PayPal',
        user,
        here: '/',
        locale: 'en',
        t: translator('en'),
      }).actions[0]?.href;
    expect(actionFor('declined')).to.equal('https://gateway.example/approve');
    expect(actionFor('expired')).to.equal('/checkout/pro?type=monthly');
  });
});
