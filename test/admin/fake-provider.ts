import type { PaymentProvider, ProviderCapture, ProviderOrder, ProviderRefund } from '../../src/payments/provider.ts';

/** A gateway whose buyers approve before they are asked, and which gives back whatever it took. */
export function paysAtOnce(): PaymentProvider {
  const orders = new Map<string, ProviderOrder>();
  const refunds = new Map<string, ProviderRefund>();
  const requests = new Map<string, string>();
  let made = 0;
  const nextId = (kind: string) => `${kind}${(made += 1).toString().padStart(6, '0')}`;
  const get = <T>(map: Map<string, T>, id: string): T => {
    const found = map.get(id);
    if (found === undefined) throw new Error(`the gateway has no ${id}`);
    return found;
  };
  return {
    name: 'paypal',
    displayName: () => 'PayPal',
    openForMs: 6 * 3_600_000,
    remembersRequestsMs: { order: 6 * 3_600_000, refund: 45 * 24 * 3_600_000 },
    refusesAmount: ({ currency }) => (currency === 'KWD' ? 'PayPal does not take KWD.' : null),
    createOrder(input) {
      const providerOrderId = nextId('ORDER');
      const capture: ProviderCapture = {
        captureId: nextId('CAPTURE'),
        status: 'completed',
        pendingReason: null,
        amountMinor: input.amountMinor,
        currency: input.currency,
        reference: input.reference,
        payee: 'MERCHANT',
        providerOrderId,
      };
      const payer = { payerId: 'PAYER', email: 'payer@example.com', name: 'Ada Payer', countryCode: 'DE' };
      const order: ProviderOrder = {
        providerOrderId,
        status: 'approved',
        approvalUrl: 'http://127.0.0.1/approve',
        payee: 'MERCHANT',
        payer,
        capture,
        refunds: null,
      };
      orders.set(providerOrderId, order);
      return Promise.resolve({ ...order, capture: null });
    },
    fetchOrder: (id) => Promise.resolve({ ...get(orders, id), capture: null }),
    captureOrder: ({ providerOrderId }) =>
      Promise.resolve({ ...get(orders, providerOrderId), status: 'completed' as const }),
    fetchCapture(captureId) {
      const order = [...orders.values()].find(({ capture }) => capture?.captureId === captureId);
      if (order?.capture == null) throw new Error(`the gateway has no ${captureId}`);
      return Promise.resolve(order.capture);
    },
    refundCapture({ requestId, captureId, amountMinor, currency }) {
      const refundId = requests.get(requestId) ?? nextId('REFUND');
      requests.set(requestId, refundId);
      const refund: ProviderRefund = {
        refundId,
        status: 'completed',
        amountMinor,
        currency,
        captureId,
        reference: requestId,
        madeAt: null,
      };
      refunds.set(refundId, refund);
      return Promise.resolve(refund);
    },
    fetchRefund: (id) => Promise.resolve(get(refunds, id)),
    fetchDispute: (id) => Promise.reject(new Error(`the gateway has no ${id}`)),
    listDisputes: () => Promise.resolve([]),
    listTransactions: null,
    verifyWebhook: () => Promise.reject(new Error('no webhooks here')),
    parseEvent: () => {
      throw new Error('no webhooks here');
    },
  };
}
