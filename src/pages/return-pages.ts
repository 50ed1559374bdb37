import express, { type Request, type Response, type Router } from 'express';
import { cancelCheckout } from '../billing/cancel-checkout.ts';
import type { Services } from '../billing/services.ts';
import { settlePayment } from '../billing/settle-payment.ts';
import { GatewayUnavailable } from '../kit/errors.ts';
import { localeOf, translatorOf } from '../kit/http/language.ts';
import { findOrder, type Order } from '../orders/orders.ts';
import { currentPayment, findPaymentByProviderOrder, type Payment } from '../payments/payments.ts';
import { findPlan } from '../plans/catalog.ts';
import { localized } from '../plans/plan-terms.ts';
import { liveSubscription } from '../subscriptions/subscriptions.ts';
import { outcomeModel, outcomeOf, outcomeOfOrder, type Outcome } from './checkout-outcome.ts';
import { mainProvider, providerNameOf } from './providers.ts';
import { customerOf, requireCustomer } from './sign-in.ts';
import type { ShowPage } from './site.ts';

/** Where the gateway sends buyers back to. Loading such a page again asks again and changes nothing twice. */
export function returnPages(services: Services, show: ShowPage): Router {
  const router = express.Router();

  router.get('/checkout/return', requireCustomer(), async (req, res) => {
    const payment = await findPaymentByProviderOrder(mainProvider(services).name, tokenOf(req));
    const order = payment === null ? null : await findOrder(payment.orderId);
    if (payment === null || order?.userId !== customerOf(res).id) {
      showUnknown(show, req, res);
      return;
    }
    const [outcome, known] = await settle({ order, payment });
    await showOutcome(req, res, outcome, known);
  });

  router.get('/checkout/cancel', requireCustomer(), async (req, res) => {
    const order = await cancelCheckout(services, {
      userId: customerOf(res).id,
      provider: mainProvider(services).name,
      providerOrderId: tokenOf(req),
    });
    if (order === null) {
      showUnknown(show, req, res);
      return;
    }
    const payment = await currentPayment(order.id);
    await showOutcome(req, res, outcomeOfOrder(order, services.clock.now()), { order, payment });
  });

  router.get('/checkout/started', requireCustomer(), async (req, res) => {
    const live = await liveSubscription(customerOf(res).id);
    const plan = live === null ? null : await findPlan(live.planId);
    if (live?.priceId !== null || plan === null) res.redirect(303, '/account');
    else showStarted(show, req, res, localized(plan.names, localeOf(res)));
  });

  async function settle(known: { order: Order; payment: Payment }): Promise<[Outcome, typeof known]> {
    try {
      const settlement = await settlePayment(services, known.payment.id);
      return [outcomeOf(settlement, services.clock.now()), settlement];
    } catch (error) {
      if (error instanceof GatewayUnavailable) return ['unconfirmed', known];
      throw error;
    }
  }

  async function showOutcome(
    req: Request,
    res: Response,
    outcome: Outcome,
    { order, payment }: { order: Order; payment: Payment | null },
  ): Promise<void> {
    const locale = localeOf(res);
    const first = order.duplicateOf === null ? null : await findOrder(order.duplicateOf);
    const model = outcomeModel({
      outcome,
      order,
      payment,
      first,
      providerName: providerNameOf(services, payment?.provider ?? mainProvider(services).name, locale),
      user: customerOf(res),
      here: req.originalUrl,
      locale,
      t: translatorOf(res),
    });
    show(req, res, 'checkout/outcome', model);
  }

  return router;
}

function showStarted(show: ShowPage, req: Request, res: Response, item: string): void {
  const t = translatorOf(res);
  const heading = t('checkout:outcome.started.heading', { item });
  show(req, res, 'checkout/outcome', {
    title: heading,
    tone: 'good',
    heading,
    money: t('checkout:outcome.started.money'),
    next: t('checkout:outcome.started.next'),
    actions: [{ href: '/account', label: t('checkout:action.account') }],
  });
}

function showUnknown(show: ShowPage, req: Request, res: Response): void {
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

/** The gateway's order id, as PayPal appends it to both addresses. */
function tokenOf(req: Request): string {
  return typeof req.query.token === 'string' ? req.query.token : '';
}
