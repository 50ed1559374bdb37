import type { Translate } from '../kit/i18n.ts';
import { fromDecimal } from '../kit/money.ts';
import type { ReceivedMail } from './mailbox.ts';
import type { PaypalControl } from './paypal/control.ts';
import { faultsByTarget, type Fault } from './paypal/faults.ts';

/** What the clock can be turned by with one click. */
export const steps = ['P1D', 'P7D', 'P1M', 'P1Y'] as const;

/** The JSON calls that do the same as the pages. */
const calls = [
  ['POST /sandbox/api/paypal/orders/{id}/approve · decline · cancel', 'decide'],
  ['POST, DELETE /sandbox/api/paypal/faults', 'faults'],
  ['POST /sandbox/api/paypal/captures/{id}/refund · reverse · dispute · complete · deny', 'capture'],
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
    faultGroups: Object.entries(faultsByTarget).map(([on, names]) => ({
      label: t(`sandbox:fault.on.${on}`),
      faults: names.map((name) => ({ value: `${on}:${name}`, label: t(`sandbox:fault.${name}`) })),
    })),
    armed: faults.map(({ on, fault, times }) =>
      t('sandbox:fault.armed', { on: t(`sandbox:fault.on.${on}`), fault: t(`sandbox:fault.${fault}`), count: times }),
    ),
    paypalOrders: orders.map((order) => paypalOrder(order, t)),
    calls: calls.map(([call, name]) => ({ call, text: t(`sandbox:call.${name}`) })),
  };
}

function paypalOrder({ order, captures, disputed }: OrderOverview, t: Translate) {
  const [capture] = captures;
  const { value, currency_code: currency } = order.unit.amount;
  const actions = capture === undefined ? [] : (actionsFor[disputed ? 'DISPUTED' : capture.status] ?? []);
  return {
    id: order.id,
    amount: { amountMinor: fromDecimal(value, currency), currency },
    status: capture?.status ?? order.status,
    actions: actions.map((action) => ({
      href: `/sandbox/captures/${capture?.id ?? ''}/${action}`,
      label: t(`sandbox:paypal.${action}`),
    })),
  };
}

const actionsFor: Readonly<Record<string, readonly string[]>> = {
  PENDING: ['complete', 'deny'],
  COMPLETED: ['refund', 'dispute'],
  PARTIALLY_REFUNDED: ['refund', 'dispute'],
  DISPUTED: ['won', 'lost'],
};

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
