import { literal, Op } from 'sequelize';
import type { Tx } from '../db/index.ts';
import { NotFound } from '../kit/errors.ts';
import { newId, readableCode } from '../kit/ids.ts';
import { assertMove } from '../states/moves.ts';
import type { OrderKind, OrderSnapshot, OrderStatus } from './order-states.ts';
import { Order } from './order.model.ts';
import type { SubscriptionType } from '../plans/plan-terms.ts';

export type { Order } from './order.model.ts';

export interface NewOrder {
  userId: string;
  kind: OrderKind;
  planId: string | null;
  priceId: string | null;
  packId: string | null;
  subscriptionType: SubscriptionType | null;
  snapshot: OrderSnapshot;
  amountMinor: number;
  currency: string;
  idempotencyKey: string | null;
  idempotencyFingerprint: string | null;
  /** How long the buyer has to pay. */
  openForMs: number;
  now: Date;
}

export async function createOrder(tx: Tx, { now, openForMs, ...order }: NewOrder): Promise<Order> {
  const row = { ...order, id: newId(), orderNo: newOrderNo(now), createdAt: now };
  return Order.create({ ...row, expiresAt: new Date(now.getTime() + openForMs) }, { transaction: tx });
}

/** `PL-261122-7K3QX9VD`: the day it was made, and 40 random bits in letters that can be read out. */
function newOrderNo(now: Date): string {
  return `PL-${now.toISOString().slice(2, 10).replaceAll('-', '')}-${readableCode(8)}`;
}

/** @throws NotFound */
export async function lockOrder(tx: Tx, id: string): Promise<Order> {
  const order = await Order.findByPk(id, { transaction: tx, lock: tx.LOCK.UPDATE });
  if (order === null) throw new NotFound('There is no such order.');
  return order;
}

/** Moves an order on, with what changes beside its state. @throws IllegalMove */
export async function moveOrder(
  tx: Tx,
  order: Order,
  status: OrderStatus,
  changes: Partial<Pick<Order, 'paidAt' | 'closedAt' | 'failureCode' | 'refundedMinor' | 'subscriptionId'>>,
): Promise<void> {
  assertMove('order', order.status, status);
  await order.update({ status, ...changes }, { transaction: tx });
}

/** Gives an order that is not paid yet until then, if it has less. */
export async function keepOrderOpen(tx: Tx, order: Order, until: Date): Promise<void> {
  if (order.status === 'pending' && order.expiresAt < until)
    await order.update({ expiresAt: until }, { transaction: tx });
}

export async function findOrder(id: string): Promise<Order | null> {
  return Order.findByPk(id);
}

/** A customer's own order: somebody else's looks as if it were not there. @throws NotFound */
export async function getOrderOf(userId: string, reference: { id: string } | { orderNo: string }): Promise<Order> {
  const order = await Order.findOne({ where: { userId, ...reference } });
  if (order === null) throw new NotFound('There is no such order.');
  return order;
}

export async function findOrderByKey(userId: string, idempotencyKey: string): Promise<Order | null> {
  return Order.findOne({ where: { userId, idempotencyKey } });
}

/** Newest first; `before` is the id of the last order of the page before. Ids grow with time. */
export async function listOrdersOf(userId: string, limit: number, before?: string): Promise<Order[]> {
  return Order.findAll({
    where: { userId, ...(before === undefined ? {} : { id: { [Op.lt]: before } }) },
    order: [['id', 'DESC']],
    limit,
  });
}

/** Orders whose time to be paid has run out, a bounded batch, drawn by lot: one that fails each time blocks no other. */
export async function staleOrders(now: Date, limit: number): Promise<string[]> {
  const rows = await Order.findAll({
    attributes: ['id'],
    where: { status: 'pending', expiresAt: { [Op.lte]: now } },
    order: literal('random()'),
    limit,
  });
  return rows.map((row) => row.id);
}

/** Ties a paid order to the subscription that it began or extended, and to the time that it paid for. */
export async function linkSubscription(
  tx: Tx,
  order: Order,
  subscriptionId: string,
  period: { start: Date; end: Date | null },
): Promise<void> {
  await order.update({ subscriptionId, periodStart: period.start, periodEnd: period.end }, { transaction: tx });
}

/** Paid orders of a subscription that were not refunded in full, by the time that they paid for. */
export async function paidOrdersOf(tx: Tx, subscriptionId: string): Promise<Order[]> {
  return Order.findAll({
    where: { subscriptionId, status: { [Op.in]: ['completed', 'partially_refunded'] } },
    order: [['periodStart', 'ASC']],
    transaction: tx,
  });
}

/** An order for a plan whose money the gateway holds: until it decides, another plan must not be paid for. */
export async function heldPlanOrder(userId: string): Promise<Order | null> {
  return Order.findOne({ where: { userId, status: 'processing', kind: { [Op.ne]: 'credit_pack' } } });
}
