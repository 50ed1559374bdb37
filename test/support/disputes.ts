import { expect } from 'chai';
import { providerOf, type Services } from '../../src/billing/services.ts';
import type { PaymentProvider, ProviderDispute } from '../../src/payments/provider.ts';
import { call, eventually, type Client, type Json, type TestApp } from './app.ts';

/** What tests of disputes do and look at, each in one word. */
export function disputeActs(app: TestApp) {
  const control = async (path: string, body: Json = {}) => {
    const answer = await call(app, 'POST', `/sandbox/api/paypal${path}`, { body });
    expect(answer.status, JSON.stringify(answer.body)).to.be.below(300);
    return answer.body;
  };
  const loseWebhooks = () => control('/faults', { on: 'webhook', fault: 'lost', times: 100 });
  const captureOf = async ({ order_id }: Json): Promise<string> => {
    const sql = 'SELECT provider_capture_id AS id FROM payments WHERE order_id = $1';
    return (await app.db.pool.query<{ id: string }>(sql, [order_id])).rows[0]?.id ?? '';
  };
  /** What PayPal does, and we have heard of it as far as it tells. → the dispute's id at PayPal */
  const dispute = async (order: Json, body: Json = {}): Promise<string> => {
    const { id } = await control(`/captures/${await captureOf(order)}/dispute`, body);
    await webhooksHandled();
    return id as string;
  };
  const webhooksHandled = async () => {
    await app.simulator.idle();
    await eventually(async () => {
      const sql = 'SELECT count(*) AS open FROM provider_events WHERE handled_at IS NULL';
      const { rows } = await app.db.pool.query<{ open: number }>(sql);
      return rows[0]?.open === 0 ? true : undefined;
    });
  };
  const rowOf = async (disputeId: string): Promise<Json | undefined> =>
    (await app.db.pool.query<Json>('SELECT * FROM disputes WHERE provider_dispute_id = $1', [disputeId])).rows[0];
  const incidentsOf = async (disputeId: string): Promise<Json[]> => {
    const sql = `SELECT i.* FROM incidents i JOIN disputes d ON d.id::text = i.subject_id
      WHERE d.provider_dispute_id = $1 ORDER BY i.id`;
    return (await app.db.pool.query<Json>(sql, [disputeId])).rows;
  };
  const flagOf = async ({ order_id }: Json) => {
    const { rows } = await app.db.pool.query<Json>('SELECT disputed_at FROM orders WHERE id = $1', [order_id]);
    return rows[0]?.disputed_at;
  };
  const spend = (customer: Client, amount: number) =>
    customer.post('/credits/consume', { amount, feature_type: 'image' });
  const orderNow = async (customer: Client, order: Json) =>
    (await customer.get(`/payments/orders/${order.order_id as string}`)).body;
  const withPaypal = (changes: Partial<PaymentProvider>): Services => ({
    ...app.services,
    providers: new Map([['paypal', { ...providerOf(app.services, 'paypal'), ...changes }]]),
  });
  /** PayPal's order does not name what was given back of it. */
  const unlisted = () =>
    withPaypal({
      fetchOrder: async (providerOrderId) => ({
        ...(await providerOf(app.services, 'paypal').fetchOrder(providerOrderId)),
        refunds: [],
      }),
    });
  const truthOf = (disputeId: string) => providerOf(app.services, 'paypal').fetchDispute(disputeId);
  const tells = (told: ProviderDispute, changes: Partial<PaymentProvider> = {}) =>
    withPaypal({ fetchDispute: () => Promise.resolve(told), ...changes });
  const later = ({ updatedAt }: ProviderDispute) => new Date(updatedAt.getTime() + 1000);
  return {
    control,
    loseWebhooks,
    captureOf,
    dispute,
    webhooksHandled,
    rowOf,
    incidentsOf,
    flagOf,
    spend,
    orderNow,
    withPaypal,
    unlisted,
    truthOf,
    tells,
    later,
  };
}
