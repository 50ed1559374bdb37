import { z } from 'zod';
import { askAboutPayment, askAboutRefund } from '../../billing/ask-gateway.ts';
import type { Settlement } from '../../billing/settle-payment.ts';
import { reason, recordAction, textOf, type Done } from './action.ts';
import { refundDone } from './refund-order.ts';

const outcomes: Readonly<Record<Settlement['outcome'], Done>> = {
  completed: { message: 'paymentCompleted' },
  processing: { message: 'paymentHeld', type: 'info' },
  not_approved: { message: 'paymentNotTaken', type: 'info' },
  declined: { message: 'paymentNotTaken', type: 'info' },
  closed: { message: 'paymentClosed', type: 'info' },
  returned: { message: 'paymentReturned', type: 'info' },
};

const body = z.strictObject({ reason });

/** A payment that is cancelled may have been paid all the same; one that the gateway never opened cannot be asked about. */
export const askAboutPaymentAction = recordAction({
  resource: 'payments',
  name: 'askGateway',
  icon: 'HelpCircle',
  offered: ({ status, providerOrderId }) =>
    providerOrderId !== null && (status === 'pending' || status === 'processing' || status === 'cancelled'),
  body,
  preview: (_services, { providerOrderId = null }) => Promise.resolve({ what: providerOrderId }),
  async perform(services, row, { reason: why }, staff) {
    const { outcome } = await askAboutPayment(services, { id: textOf(row, 'id'), reason: why, staff });
    return outcomes[outcome];
  },
});

export const askAboutRefundAction = recordAction({
  resource: 'refunds',
  name: 'askGateway',
  icon: 'HelpCircle',
  offered: ({ status }) => status === 'pending',
  body,
  preview: (_services, { id = null, providerRefundId = null }) => Promise.resolve({ what: providerRefundId ?? id }),
  async perform(services, row, { reason: why }, staff) {
    return refundDone(await askAboutRefund(services, { id: textOf(row, 'id'), reason: why, staff }));
  },
});
