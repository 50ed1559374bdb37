import type { Translate } from '../kit/i18n.ts';
import { fromDecimal } from '../kit/money.ts';
import type { ReceivedMail } from './mailbox.ts';
import type { PaypalControl } from './paypal/control.ts';
import type { PaypalMoney } from './paypal/records.ts';
import { faultsByTarget, type Fault } from './paypal/faults.ts';

/** What the clock can be turned by with one click. */
export const steps = ['P1D', 'P7D', 'P1M', 'P1Y'] as const;

/** The JSON calls that do the same as the pages. */
const calls = [
  ['POST /sandbox/api/paypal/orders/{id}/approve · decline · cancel · lapse', 'decide'],
  ['POST, DELETE /sandbox/api/paypal/faults', 'faults'],
  ['POST /sandbox/api/paypal/captures/{id}/refund · reverse · dispute · complete · deny', 'capture'],
  ['POST /sandbox/api/paypal/refunds/{id}/complete · fail', 'refund'],
  ['POST /sandbox/api/paypal/captures', 'elsewhere'],
  ['GET, POST /sandbox/api/clock', 'clock'],
  ['GET /sandbox/api/mail?to=', 'mail'],
  ['POST /sandbox/api/jobs/{name}/run', 'jobs'],
] as const;

type OrderOverview = Awaited<ReturnType<PaypalControl['listOrders']>>[number];

interface Home {
  mailCount: number;
  now: Date;
  faults: Fault[];
  orders: OrderOverview[];
}

export function homeModel({ mailCount, now, faults, orders }: Home, t: Translate) {
  const tile = (name: string, href: string, figure?: string) => ({
    href,
    title: t(`sandbox:tile.${name}`),
    text: t(`sandbox:tile.${name}_text`),
    figure,
  });
  return {
    title: t('sandbox:title'),
    tiles: [
      tile('pricing', '/pricing'),
      tile('mail', '/sandbox/mail', t('sandbox:tile.mail_figure', { count: mailCount })),
      tile('clock', '/sandbox/clock', t('sandbox:tile.clock_figure', { now })),
      tile('admin', '/admin'),
    ],
    faultGroups: faultGroups(t),
    faultOrders: orders.map(({ order: { id, unit } }) => ({ id, amount: money(unit.amount) })),
    armed: armedFaults(faults, t),
    paypalOrders: orders.map((order) => paypalOrder(order, t)),
    calls: calls.map(([call, name]) => ({ call, text: t(`sandbox:call.${name}`) })),
  };
}

export function armedFaults(faults: readonly Fault[], t: Translate) {
  return faults.map(({ on, fault, times, orderId }) => ({
    text: t('sandbox:fault.armed', {
      on: t(`sandbox:fault.on.${on}`),
      fault: t(`sandbox:fault.${fault}`),
      count: times,
    }),
    orderId,
  }));
}

export function faultGroups(t: Translate) {
  return Object.entries(faultsByTarget).map(([on, names]) => ({
    label: t(`sandbox:fault.on.${on}`),
    faults: names.map((name) => ({ value: `${on}:${name}`, label: t(`sandbox:fault.${name}`) })),
  }));
}

/** An order with what hangs on it. Only what can still happen to something has a button. */
function paypalOrder({ order, captures, refunds, disputed }: OrderOverview, t: Translate) {
  const [capture] = captures;
  const { status } = order;
  const ofCapture = capture === undefined ? [] : (actionsFor[disputed ? 'DISPUTED' : capture.status] ?? []);
  const button = (what: string, id: string) => (action: string) => ({
    href: `/sandbox/${what}/${id}/${action}`,
    label: t(`sandbox:paypal.${action}`),
    // Of a refund, how much: empty for all that is left.
    takesAmount: action === 'refund',
  });
  return {
    id: order.id,
    amount: money(order.unit.amount),
    status: capture?.status ?? status,
    approvalHref:
      status === 'CREATED' || status === 'PAYER_ACTION_REQUIRED'
        ? `/sandbox/paypal/checkoutnow?token=${order.id}`
        : null,
    actions: [
      ...(status === 'APPROVED' ? ['lapse'] : []).map(button('orders', order.id)),
      ...ofCapture.map(button('captures', capture?.id ?? '')),
    ],
    refunds: refunds.map((refund) => ({
      id: refund.id,
      kind: t(`sandbox:paypal.kind.${refund.kind}`),
      amount: money(refund.amount),
      status: refund.status,
      actions: (refund.status === 'PENDING' ? ['complete', 'fail'] : []).map(button('refunds', refund.id)),
    })),
  };
}

const actionsFor: Readonly<Record<string, readonly string[]>> = {
  PENDING: ['complete', 'deny'],
  COMPLETED: ['refund', 'reverse', 'dispute'],
  PARTIALLY_REFUNDED: ['refund', 'reverse', 'dispute'],
  DISPUTED: ['won', 'lost'],
};

function money({ value, currency_code: currency }: PaypalMoney) {
  return { amountMinor: fromDecimal(value, currency), currency };
}

export function clockModel(
  { now, real, told }: { now: Date; real: Date; told: 'turned' | 'refused' | null },
  t: Translate,
) {
  const aheadMs = now.getTime() - real.getTime();
  return {
    title: t('sandbox:clock.title'),
    now,
    ahead: aheadMs < 1000 ? t('sandbox:clock.ahead_none') : t('sandbox:clock.ahead', { real }),
    steps: steps.map((value) => ({ value, label: t(`sandbox:clock.step.${value}`) })),
    // What `datetime-local` takes: to the minute, without a zone.
    min: new Date(now.getTime() + 60_000).toISOString().slice(0, 16),
    flash: told === 'turned' ? t('sandbox:clock.turned', { now }) : null,
    problem: told === 'refused' ? t('sandbox:clock.refused') : null,
  };
}

export function mailboxModel(mails: ReceivedMail[], to: string, t: Translate) {
  return {
    title: t('sandbox:mail.title'),
    to,
    mails: mails.map((mail) => ({
      href: `/sandbox/mail/${mail.id}`,
      subject: mail.subject,
      to: mail.to,
      sentAt: mail.sent_at,
    })),
  };
}

export function mailModel(mail: ReceivedMail, t: Translate) {
  return {
    title: mail.subject,
    mail,
    htmlHref: `/sandbox/mail/${mail.id}/html`,
    facts: [
      { term: t('sandbox:mail.fact.to'), text: mail.to },
      { term: t('sandbox:mail.fact.sent'), text: t('common:time', { at: mail.sent_at }) },
      { term: t('sandbox:mail.fact.template'), text: `${mail.template} (${mail.locale})` },
    ],
  };
}
