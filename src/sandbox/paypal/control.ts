import type { Pool } from 'pg';
import type { Clock } from '../../kit/clock.ts';
import { Conflict, NotFound } from '../../kit/errors.ts';
import { returnTo, type Choice } from './approval.ts';
import { inTransaction } from './database.ts';
import { listDeliveries, type Delivery } from './deliveries.ts';
import { armFault, clearFaults, listFaults, type Fault } from './faults.ts';
import { checkMoney, toMinor } from './money.ts';
import { approveOrder, captureElsewhere, decidePending, lapseApproval, type Scene } from './orders.ts';
import { closeDispute, decideRefund, lockCapture, openDispute, refundCapture, reverseCapture } from './payments.ts';
import { PaypalProblem } from './problems.ts';
import {
  capturesOf,
  find,
  latestOrders,
  lockOrder,
  openDisputeOf,
  refundsOf,
  type CaptureRecord,
  type DisputeRecord,
  type OrderRecord,
  type RefundRecord,
} from './records.ts';

interface OrderOverview {
  order: OrderRecord;
  captures: CaptureRecord[];
  /** Whether a dispute about one of them is open. */
  disputed: boolean;
  refunds: RefundRecord[];
}

/** What people and PayPal do at PayPal's side, for pages and tests. Everything throws AppError. */
export interface PaypalControl {
  /** What the buyer clicks. @returns where the browser goes next @throws NotFound, Conflict */
  approve(orderId: string): Promise<{ order: OrderRecord; redirectUrl: string | null }>;
  decline(orderId: string): Promise<{ order: OrderRecord; redirectUrl: string | null }>;
  cancel(orderId: string): Promise<{ order: OrderRecord; redirectUrl: string | null }>;
  /** The same, for the approval page. @returns null when there is nothing to choose */
  choose(orderId: string, choice: Choice): Promise<OrderRecord | null>;

  /** An approval that nobody captured lapses, as after three hours. @throws NotFound, Conflict */
  lapse(orderId: string): Promise<OrderRecord>;
  /** Money that is not ours to book: another shop on the same account. @throws Conflict, ValidationFailed */
  captureElsewhere(payment: ForeignPayment): Promise<CaptureRecord>;

  /** In PayPal's own pages. Without an amount: all that is left. @throws NotFound, Conflict, ValidationFailed */
  refundCapture(captureId: string, amount?: string): Promise<RefundRecord>;
  reverseCapture(captureId: string): Promise<RefundRecord>;
  openDispute(captureId: string, reason?: string): Promise<DisputeRecord>;
  closeDispute(captureId: string, outcome: 'won' | 'lost'): Promise<DisputeRecord>;
  /** A held capture goes through, or does not. */
  completeCapture(captureId: string): Promise<CaptureRecord>;
  denyCapture(captureId: string): Promise<CaptureRecord>;
  /** A held refund goes through, or does not. */
  completeRefund(refundId: string): Promise<RefundRecord>;
  failRefund(refundId: string): Promise<RefundRecord>;

  /** @throws ValidationFailed */
  armFault(fault: { on: string; fault: string; times?: number; orderId?: string | null }): Promise<Fault>;
  clearFaults(): Promise<void>;
  listFaults(): Promise<Fault[]>;
  /** PayPal forgets every access token: the next call is answered with 401. */
  revokeTokens(): Promise<void>;

  /** Newest first. */
  listOrders(limit: number): Promise<OrderOverview[]>;
  listDeliveries(limit: number): Promise<Delivery[]>;
}

export interface ForeignPayment {
  /** As PayPal writes it: `9.99`. */
  amount: string;
  currency: string;
  customId?: string | undefined;
  invoiceId?: string | undefined;
}

interface ControlOptions {
  pool: Pool;
  clock: Clock;
  base: () => string;
  onChange: () => void;
}

export function createControl({ pool, clock, base, onChange }: ControlOptions): PaypalControl {
  /** One transaction; PayPal's refusals become ours, and what was queued is delivered. */
  async function act<T>(work: (scene: Scene) => Promise<T | PaypalProblem | null>, otherwise: string): Promise<T> {
    const result = await inTransaction(pool, (tx) => work({ tx, now: clock.now(), base: base() })).catch(refused);
    onChange();
    if (result instanceof PaypalProblem) return refused(result);
    if (result === null) throw new Conflict(otherwise);
    return result;
  }

  async function choose(orderId: string, choice: Choice): Promise<OrderRecord | null> {
    const order = await inTransaction(pool, async (tx) => {
      const scene = { tx, now: clock.now(), base: base() };
      // Cancelling only leads the buyer away: PayPal keeps the order as it is.
      if (choice === 'cancel') return (await lockOrder(tx, orderId)) ?? null;
      return approveOrder(scene, orderId, choice === 'pay' ? 'good' : 'declined');
    });
    onChange();
    return order;
  }

  async function clicked(orderId: string, choice: Choice): Promise<{ order: OrderRecord; redirectUrl: string | null }> {
    if ((await find(pool, 'orders', orderId)) === undefined) throw new NotFound('PayPal has no such order.');
    const order = await choose(orderId, choice);
    if (order === null) throw new Conflict('There is nothing to approve: the order is approved, paid or expired.');
    return { order, redirectUrl: returnTo(order, choice) };
  }

  async function decideCapture(captureId: string, good: boolean): Promise<CaptureRecord> {
    const work = async (scene: Scene) => {
      const { orderId } = await lockCapture(scene, captureId);
      return decidePending(scene, orderId, captureId, good);
    };
    return act(work, 'This capture is not pending.');
  }

  const nothingLeft = 'There is no money left on this capture.';
  return {
    choose,
    approve: (orderId) => clicked(orderId, 'pay'),
    decline: (orderId) => clicked(orderId, 'decline'),
    cancel: (orderId) => clicked(orderId, 'cancel'),

    lapse: (orderId) => act((scene) => lapseApproval(scene, orderId), 'This order is not approved.'),
    captureElsewhere: (payment) =>
      act((scene) => captureElsewhere(scene, foreignUnit(payment)), 'This invoice id was used.'),

    refundCapture: (captureId, amount) =>
      act(async (scene) => {
        const { amount: captured } = await lockCapture(scene, captureId);
        if (amount === undefined) return refundCapture(scene, captureId, {});
        const wanted = { currency_code: captured.currency_code, value: amount };
        if (toMinor(wanted) === 0) throw new Conflict('PayPal refuses: CANNOT_BE_ZERO_OR_NEGATIVE.');
        return refundCapture(scene, captureId, { amount: wanted });
      }, nothingLeft),
    reverseCapture: (captureId) => act((scene) => reverseCapture(scene, captureId), nothingLeft),
    openDispute: (captureId, reason = 'MERCHANDISE_OR_SERVICE_NOT_RECEIVED') =>
      act((scene) => openDispute(scene, captureId, reason), 'This capture is disputed already, or holds no money.'),
    closeDispute: (captureId, outcome) =>
      act((scene) => closeDispute(scene, captureId, outcome === 'won'), 'No dispute is open on this capture.'),
    completeCapture: (captureId) => decideCapture(captureId, true),
    denyCapture: (captureId) => decideCapture(captureId, false),
    completeRefund: (refundId) => act((scene) => decideRefund(scene, refundId, true), 'This refund is not pending.'),
    failRefund: (refundId) => act((scene) => decideRefund(scene, refundId, false), 'This refund is not pending.'),

    armFault: (fault) => armFault(pool, fault),
    clearFaults: () => clearFaults(pool),
    listFaults: () => listFaults(pool),
    revokeTokens: async () => {
      await pool.query('DELETE FROM sandbox.paypal_tokens');
    },

    listOrders: (limit) => listOrders(pool, limit),
    listDeliveries: (limit) => listDeliveries(pool, limit),
  };
}

/** @throws PaypalProblem when it is no amount */
function foreignUnit({ amount, currency, customId, invoiceId }: ForeignPayment) {
  const money = { currency_code: currency, value: amount };
  checkMoney(money, '/amount');
  const names = { ...(customId && { custom_id: customId }), ...(invoiceId && { invoice_id: invoiceId }) };
  return { reference_id: 'default', amount: money, ...names };
}

async function listOrders(pool: Pool, limit: number): Promise<OrderOverview[]> {
  const orders = await latestOrders(pool, limit);
  return Promise.all(
    orders.map(async (order) => {
      const captures = await capturesOf(pool, order.id);
      const disputes = await Promise.all(captures.map(({ id }) => openDisputeOf(pool, id)));
      const refunds = await refundsOf(pool, captures.map(({ id }) => id)); // prettier-ignore
      return { order, captures, refunds, disputed: disputes.some((dispute) => dispute !== undefined) };
    }),
  );
}

/** @throws AppError in the place of PayPal's own refusal; anything else as it is */
function refused(error: unknown): never {
  if (!(error instanceof PaypalProblem)) throw error;
  if (error.status === 404) throw new NotFound('PayPal has nothing under this id.');
  throw new Conflict(`PayPal refuses: ${error.details[0]?.issue ?? error.code}.`);
}
