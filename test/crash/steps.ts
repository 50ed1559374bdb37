import { cancelCheckout } from '../../src/billing/cancel-checkout.ts';
import { deliverMail } from '../../src/billing/deliver-mail.ts';
import { handleProviderEvent } from '../../src/billing/handle-provider-event.ts';
import { receiveWebhook } from '../../src/billing/receive-webhook.ts';
import { refundOrder } from '../../src/billing/refund-order.ts';
import type { Services } from '../../src/billing/services.ts';
import { settlePayment } from '../../src/billing/settle-payment.ts';
import { startCheckout, type CheckoutRequest } from '../../src/billing/start-checkout.ts';

/** What a process can be asked to do, by a name and arguments that go through a pipe. */
const steps = {
  checkout: (services: Services, request: Omit<CheckoutRequest, 'expectedMinor'>) => startCheckout(services, request),
  settle: (services: Services, { paymentId }: { paymentId: string }) => settlePayment(services, paymentId),
  refund: (services: Services, request: Parameters<typeof refundOrder>[1]) => refundOrder(services, request),
  cancel: (services: Services, request: Parameters<typeof cancelCheckout>[1]) => cancelCheckout(services, request),
  receive: (services: Services, { body, headers }: { body: string; headers: Record<string, string> }) =>
    receiveWebhook(services, { provider: 'paypal', rawBody: Buffer.from(body), headers }),
  handle: (services: Services, { eventRowId }: { eventRowId: string }) => handleProviderEvent(services, eventRowId),
  deliver: (services: Services, { emailId }: { emailId: string }) => deliverMail(services, emailId),
};

export type Task = {
  [Name in keyof typeof steps]: { step: Name; args: Parameters<(typeof steps)[Name]>[1] };
}[keyof typeof steps];

export function take(services: Services, { step, args }: Task): Promise<unknown> {
  return (steps[step] as (services: Services, args: unknown) => Promise<unknown>)(services, args);
}
