import { readFileSync } from 'node:fs';
import express, { Router, type Request, type Response } from 'express';
import handlebars from 'handlebars';
import type { Pool } from 'pg';
import type { Clock } from '../../kit/clock.ts';
import { formatMoney } from '../../kit/money.ts';
import { wordsFor } from './approval-words.ts';
import { buyer, merchant } from './identity.ts';
import { toMinor } from './money.ts';
import { isApprovable } from './orders.ts';
import { find, type OrderRecord } from './records.ts';

export type Choice = 'pay' | 'decline' | 'cancel';

export interface ApprovalOptions {
  pool: Pool;
  clock: Clock;
  /** @returns the order after the choice, or null when there was nothing to choose any more */
  choose: (orderId: string, choice: Choice) => Promise<OrderRecord | null>;
}

const file = (name: string): URL => new URL(name, import.meta.url);
const page = handlebars.compile(readFileSync(file('approval.hbs'), 'utf8'));
const styles = readFileSync(file('simulator.css'));

/** Where a person approves, declines or cancels: what `payer-action` and `approve` link to. */
export function createApprovalPage({ pool, clock, choose }: ApprovalOptions): Router {
  const router = Router();

  router.get('/assets/simulator.css', (_req, res) => {
    res.type('css').set('cache-control', 'public, max-age=300').send(styles);
  });

  router.get('/checkoutnow', async (req, res) => {
    const order = await find(pool, 'orders', tokenOf(req));
    show(res, order, order === undefined ? 'unknown' : stateOf(order, clock.now()));
  });

  router.post('/checkoutnow', express.urlencoded({ extended: false, limit: '10kb' }), async (req, res) => {
    const order = await find(pool, 'orders', tokenOf(req));
    const choice = choiceOf(req);
    if (order === undefined || choice === undefined) {
      show(res, order, 'unknown');
      return;
    }
    const chosen = await choose(order.id, choice);
    const target = chosen && returnTo(chosen, choice);
    if (target !== null) res.redirect(303, target);
    else show(res, order, chosen === null ? stateOf(order, clock.now()) : 'done');
  });

  return router;
}

/** Where the buyer's browser goes next, as PayPal writes it; null when the shop named no address. */
export function returnTo(order: OrderRecord, choice: Choice): string | null {
  const address = choice === 'cancel' ? order.cancelUrl : order.returnUrl;
  if (address === null) return null;
  const url = new URL(address);
  url.searchParams.set('token', order.id);
  if (choice !== 'cancel') url.searchParams.set('PayerID', buyer.payer_id);
  return url.href;
}

type State = 'open' | 'declined' | 'approved' | 'paid' | 'expired' | 'unknown' | 'done';

function stateOf(order: OrderRecord, now: Date): State {
  if (order.status === 'COMPLETED') return 'paid';
  if (isApprovable(order, now)) return order.instrument === 'declined' ? 'declined' : 'open';
  return order.status === 'APPROVED' ? 'approved' : 'expired';
}

function show(res: Response, order: OrderRecord | undefined, state: State): void {
  const words = wordsFor(order?.locale);
  const open = state === 'open' || state === 'declined';
  const back = state === 'expired' ? 'cancel' : 'pay';
  const html = page({
    words,
    open,
    notice: state === 'open' ? undefined : words.notices[state],
    order: order && describe(order),
    backUrl: order === undefined ? null : returnTo(order, back),
  });
  const status = state === 'unknown' ? 404 : state === 'expired' ? 410 : 200;
  res
    .status(status)
    .set({
      'content-security-policy': contentSecurityPolicy(order),
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
    })
    .type('html')
    .send(html);
}

/** A browser counts the redirect after a form as part of sending it, so the shop's addresses are named. */
function contentSecurityPolicy(order: OrderRecord | undefined): string {
  const addresses = [order?.returnUrl, order?.cancelUrl].filter((url) => typeof url === 'string');
  const origins = [...new Set(addresses.map((url) => new URL(url).origin))].join(' ');
  const parts = ["default-src 'none'", "style-src 'self'", 'img-src data:', `form-action 'self' ${origins}`.trim()];
  return [...parts, "base-uri 'none'", "frame-ancestors 'none'"].join('; ');
}

function describe(order: OrderRecord): Record<string, unknown> {
  const { currency_code: currency } = order.unit.amount;
  return {
    id: order.id,
    amount: formatMoney({ amountMinor: toMinor(order.unit.amount), currency }, order.locale),
    description: order.unit.description,
    payee: order.brandName ?? merchant.email_address,
    buyer: buyer.email_address,
  };
}

function tokenOf(req: Request): string {
  return typeof req.query.token === 'string' ? req.query.token : '';
}

function choiceOf(req: Request): Choice | undefined {
  const action = (req.body as Record<string, unknown> | undefined)?.action;
  return (['pay', 'decline', 'cancel'] as const).find((choice) => choice === action);
}
