import { literal, Op } from 'sequelize';
import type { Tx } from '../db/index.ts';
import { NotFound } from '../kit/errors.ts';
import { newId, readableCode } from '../kit/ids.ts';
import { assertMove } from '../states/moves.ts';
import {
  planChangeOf,
  type ChangeCredit,
  type OrderKind,
  type OrderSnapshot,
  type OrderStatus,
} from './order-states.ts';
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
  changes: Partial<
    Pick<Order, 'paidAt' | 'closedAt' | 'failureCode' | 'duplicateOf' | 'refundedMinor' | 'subscriptionId'>
  >,
): Promise<void> {
  assertMove('order', order.status, status);
  await order.update({ status, ...changes }, { transaction: tx });
}

/** Gives an order that is not paid yet until then, if it has less. */
export async function keepOrderOpen(tx: Tx, order: Order, until: Date): Promise<void> {
  if (order.status === 'pending' && order.expiresAt < until)
    await order.update({ expiresAt: until }, { transaction: tx });
}

export async function findOrder(id: string, tx?: Tx): Promise<Order | null> {
  return Order.findByPk(id, { transaction: tx ?? null });
}

/** → the numbers that people know orders by, by id */
export async function orderNumbers(tx: Tx, ids: readonly string[]): Promise<Map<string, string>> {
  const orders = await Order.findAll({
    attributes: ['id', 'orderNo'],
    where: { id: [...new Set(ids)] },
    transaction: tx,
  });
  return new Map(orders.map(({ id, orderNo }) => [id, orderNo]));
}

/** A customer's own order: somebody else's looks as if it were not there. @throws NotFound */
export async function getOrderOf(userId: string, reference: { id: string } | { orderNo: string }): Promise<Order> {
  const order = await Order.findOne({ where: { userId, ...reference } });
  if (order === null) throw new NotFound('There is no such order.');
  return order;
}

/** The customer's open orders for the same at the same price that were begun since, newest first. */
export async function openOrdersFor(
  tx: Tx,
  {
    since,
    ...same
  }: Pick<Order, 'userId' | 'kind' | 'priceId' | 'packId' | 'amountMinor' | 'currency'> & { since: Date },
): Promise<Order[]> {
  return Order.findAll({
    where: { ...same, status: 'pending', createdAt: { [Op.gt]: since } },
    order: [['id', 'DESC']],
    transaction: tx,
  });
}

/**
 * The order by which the customer paid for the same plan at the same interval, or the same pack, while this one was open
 * already. One whose money went back, or goes back, is none.
 */
export async function paidWhileOpen(order: Order, tx?: Tx): Promise<Order | null> {
  const { id, userId, planId, subscriptionType, packId, createdAt } = order;
  return Order.findOne({
    where: {
      id: { [Op.ne]: id },
      ...{ userId, planId, subscriptionType, packId },
      status: { [Op.in]: ['completed', 'partially_refunded'] },
      failureCode: null,
      paidAt: { [Op.gt]: createdAt },
    },
    order: [['paidAt', 'DESC']],
    transaction: tx ?? null,
  });
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

/** Flags the order as disputed since then, or not any more (null). */
export async function flagDisputed(tx: Tx, order: Order, disputedAt: Date | null): Promise<void> {
  await order.update({ disputedAt }, { transaction: tx });
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
export async function paidOrdersOf(subscriptionId: string, tx?: Tx): Promise<Order[]> {
  return Order.findAll({
    where: { subscriptionId, status: { [Op.in]: ['completed', 'partially_refunded'] } },
    order: [['periodStart', 'ASC']],
    transaction: tx ?? null,
  });
}

/** Locks the earlier orders that count towards this one, newest first as everybody does, so that none is given back now. */
export async function lockCredited(tx: Tx, { snapshot }: Order): Promise<void> {
  for (const { orderId } of newestFirst(snapshot)) await lockOrder(tx, orderId);
}

/** What is left of earlier orders is spent on this one: it cannot be given back as well. −1 takes that back. */
export async function countTowards(tx: Tx, { snapshot }: Order, sign: 1 | -1): Promise<void> {
  for (const { orderId, creditMinor } of newestFirst(snapshot)) {
    const order = await lockOrder(tx, orderId);
    await order.update({ creditedMinor: order.creditedMinor + sign * creditMinor }, { transaction: tx });
  }
}

function newestFirst(snapshot: OrderSnapshot): ChangeCredit[] {
  const credits = planChangeOf(snapshot)?.credits ?? [];
  return credits.toSorted((a, b) => (a.orderId < b.orderId ? 1 : -1));
}

/** All orders that were paid for a subscription, refunded ones too, by the time that they paid for. */
export async function everPaidOrdersOf(tx: Tx, subscriptionId: string): Promise<Order[]> {
  const where = { subscriptionId, paidAt: { [Op.ne]: null } };
  return Order.findAll({ where, order: [['periodStart', 'ASC']], transaction: tx });
}

/** An order for a plan whose money the gateway holds: until it decides, another plan must not be paid for. */
export async function heldPlanOrder(userId: string): Promise<Order | null> {
  return Order.findOne({ where: { userId, status: 'processing', kind: { [Op.ne]: 'credit_pack' } } });
}

/** All that a customer ever ordered. */
export async function ordersOf(tx: Tx, userId: string): Promise<Order[]> {
  return Order.findAll({ where: { userId }, attributes: ['id', 'status'], transaction: tx });
}

/** Whether it waits for money. */
export function isOpen({ status }: Pick<Order, 'status'>): boolean {
  return status === 'pending' || status === 'processing';
}
