import express, { type Request, type Response, type Router } from 'express';
import { z } from 'zod';
import type { Services } from '../billing/services.ts';
import { cancelCheckout } from '../billing/cancel-checkout.ts';
import { settlePayment } from '../billing/settle-payment.ts';
import { startCheckout, type Purchase } from '../billing/start-checkout.ts';
import { startFreePlan } from '../billing/start-free-plan.ts';
import { sha256 } from '../kit/crypto.ts';
import { AmountMismatch, Conflict, GatewayUnavailable, IdempotencyKeyReused } from '../kit/errors.ts';
import { localeOf, translatorOf } from '../kit/http/language.ts';
import { newId } from '../kit/ids.ts';
import { findOrder } from '../orders/orders.ts';
import { currentPayment, findPaymentByProviderOrder } from '../payments/payments.ts';
import { findPlan } from '../plans/catalog.ts';
import { localized } from '../plans/plan-terms.ts';
import { liveSubscription } from '../subscriptions/subscriptions.ts';
import { checkoutModel } from './checkout-model.ts';
import { outcomeModel, outcomeOf, outcomeOfOrder, type Outcome } from './checkout-outcome.ts';
import { quotePack, quotePlan, type Quote } from './checkout-quote.ts';
import { customerOf, requireCustomer } from './sign-in.ts';
import type { ShowPage } from './site.ts';

/** The gateway that pages sell through. */
const providerName = 'paypal';

const submission = z.object({
  key: z.uuid(),
  expected: z.string().regex(/^\d{1,15}$/).transform(Number).optional(),
  type: z.string().optional(),
}); // prettier-ignore

export function checkoutPages(services: Services, show: ShowPage): Router {
  const router = express.Router();
  const parseForm = express.urlencoded({ extended: false, limit: '10kb' });
  const displayName = () => services.providers.get(providerName)?.displayName ?? providerName;

  router.get('/checkout/return', requireCustomer(), async (req, res) => {
    const user = customerOf(res);
    const payment = await findPaymentByProviderOrder(providerName, tokenOf(req));
    const order = payment === null ? null : await findOrder(payment.orderId);
    if (payment === null || order?.userId !== user.id) return showUnknown(req, res);
    try {
      const settlement = await settlePayment(services, payment.id);
      const outcome = outcomeOf(settlement, services.clock.now());
      showOutcome(req, res, outcome, settlement);
    } catch (error) {
      if (!(error instanceof GatewayUnavailable)) throw error;
      showOutcome(req, res, 'unconfirmed', { order, payment });
    }
  });

  router.get('/checkout/cancel', requireCustomer(), async (req, res) => {
    const providerOrderId = tokenOf(req);
    const order = await cancelCheckout(services, {
      userId: customerOf(res).id,
      provider: providerName,
      providerOrderId,
    });
    if (order === null) return showUnknown(req, res);
    const payment = await currentPayment(order.id);
    showOutcome(req, res, outcomeOfOrder(order, services.clock.now()), { order, payment });
  });

  router.get('/checkout/started', requireCustomer(), async (req, res) => {
    const live = await liveSubscription(customerOf(res).id);
    const plan = live === null ? null : await findPlan(live.planId);
    if (live?.priceId !== null || plan === null) {
      res.redirect(303, '/account');
      return;
    }
    const t = translatorOf(res);
    const item = localized(plan.names, localeOf(res));
    const heading = t('checkout:outcome.started.heading', { item });
    show(req, res, 'checkout/outcome', {
      title: heading,
      tone: 'good',
      heading,
      money: t('checkout:outcome.started.money'),
      next: t('checkout:outcome.started.next'),
      actions: [{ href: '/account', label: t('checkout:action.account') }],
    });
  });

  router.get('/checkout/packs/:packCode', requireCustomer('/register'), async (req, res) => {
    showCheckout(req, res, await quotePack(pathPart(req, 'packCode'), services.clock.now()));
  });

  router.get('/checkout/:planCode', requireCustomer('/register'), async (req, res) => {
    const planCode = pathPart(req, 'planCode');
    showCheckout(req, res, await quotePlan(planCode, req.query.type, customerOf(res).id, services.clock.now()));
  });

  router.post('/checkout/packs/:packCode', requireCustomer('/register'), parseForm, async (req, res) => {
    const packCode = pathPart(req, 'packCode');
    await buy(req, res, await quotePack(packCode, services.clock.now()), { packCode });
  });

  router.post('/checkout/:planCode', requireCustomer('/register'), parseForm, async (req, res) => {
    const planCode = pathPart(req, 'planCode');
    const user = customerOf(res);
    const { type } = submission.partial().parse(req.body ?? {});
    const quote = await quotePlan(planCode, type, user.id, services.clock.now());
    if (quote.kind === 'free') return startFree(req, res, quote);
    if (quote.kind === 'plan') await buy(req, res, quote, { plan: { planCode }, subscriptionType: quote.type });
  });

  async function startFree(req: Request, res: Response, quote: Quote & { kind: 'free' }): Promise<void> {
    if (quote.blocked !== null) return showCheckout(req, res, quote, { status: 409 });
    await startFreePlan(services, { userId: customerOf(res).id, planCode: quote.plan.planCode });
    res.redirect(303, '/checkout/started');
  }

  /** Begins the order and sends the buyer to the gateway. The key from the page makes the same click twice one order. */
  async function buy(req: Request, res: Response, quote: Quote, purchase: Purchase): Promise<void> {
    const t = translatorOf(res);
    const { key, expected } = submission.parse(req.body ?? {});
    try {
      const { order, payment } = await startCheckout(services, {
        userId: customerOf(res).id,
        purchase,
        provider: providerName,
        expectedMinor: expected === undefined ? undefined : () => expected,
        locale: localeOf(res),
        idempotency: { key: `page:${key}`, fingerprint: sha256(JSON.stringify(purchase)) },
      });
      if (order.status === 'pending' && payment.approvalUrl !== null) {
        res.redirect(303, payment.approvalUrl);
        return;
      }
      // The page is an old one and its order has ended since; the order says how.
      res.redirect(303, `/account/orders/${order.orderNo}`);
    } catch (error) {
      if (error instanceof GatewayUnavailable) {
        const problem = t('checkout:problem.unavailable', { provider: displayName() });
        return showCheckout(req, res, quote, { key, problem, status: 503 });
      }
      const changed = [AmountMismatch, Conflict, IdempotencyKeyReused].some((kind) => error instanceof kind);
      if (!changed) throw error;
      showCheckout(req, res, quote, { problem: t('checkout:problem.changed'), status: 409 });
    }
  }

  function showCheckout(
    req: Request,
    res: Response,
    quote: Quote,
    { key = newId(), problem = null, status = 200 }: { key?: string; problem?: string | null; status?: number } = {},
  ): void {
    const input = { quote, providerName: displayName(), checkoutKey: key, problem, locale: localeOf(res) };
    const model = checkoutModel({ ...input, t: translatorOf(res) });
    show(req, res, 'checkout/order', model, status);
  }

  function showOutcome(
    req: Request,
    res: Response,
    outcome: Outcome,
    { order, payment }: Pick<Parameters<typeof outcomeModel>[0], 'order' | 'payment'>,
  ): void {
    const model = outcomeModel({
      outcome,
      order,
      payment,
      providerName: displayName(),
      user: customerOf(res),
      here: req.originalUrl,
      locale: localeOf(res),
      t: translatorOf(res),
    });
    show(req, res, 'checkout/outcome', model);
  }

  function showUnknown(req: Request, res: Response): void {
    const t = translatorOf(res);
    const heading = t('checkout:outcome.unknown.heading');
    const model = {
      title: heading,
      tone: 'calm',
      heading,
      money: t('checkout:outcome.unknown.money'),
      next: t('checkout:outcome.unknown.next'),
      actions: [{ href: '/account/orders', label: t('account:orders.all') }],
    };
    show(req, res, 'checkout/outcome', model, 404);
  }

  return router;
}

/** The gateway's order id, as PayPal appends it to both addresses. */
function tokenOf(req: Request): string {
  return typeof req.query.token === 'string' ? req.query.token : '';
}

function pathPart(req: Request, name: string): string {
  return String(req.params[name]);
}
