import express, { type Request, type Response, type Router } from 'express';
import { z } from 'zod';
import type { Purchase } from '../billing/price-purchase.ts';
import type { Services } from '../billing/services.ts';
import { startCheckout } from '../billing/start-checkout.ts';
import { startFreePlan } from '../billing/start-free-plan.ts';
import { sha256 } from '../kit/crypto.ts';
import {
  AmountMismatch,
  Conflict,
  GatewayUnavailable,
  IdempotencyKeyReused,
  PaymentPending,
  PlanUnavailable,
} from '../kit/errors.ts';
import { localeOf, translatorOf } from '../kit/http/language.ts';
import { newId } from '../kit/ids.ts';
import { checkoutModel } from './checkout-model.ts';
import { quotePack, quotePlan, type Quote } from './checkout-quote.ts';
import { mainProvider, providerNameOf } from './providers.ts';
import { customerOf, requireCustomer } from './sign-in.ts';
import type { ShowPage } from './site.ts';

interface Shop {
  services: Services;
  show: ShowPage;
}

const submission = z.object({
  key: z.uuid(),
  /** Which button it was; the main one says nothing. */
  provider: z.string().max(50).optional(),
  expected: z
    .string()
    .regex(/^\d{1,15}$/)
    .transform(Number)
    .optional(),
});

/** The page before the payment, and the button on it. */
export function checkoutPages(services: Services, show: ShowPage): Router {
  const router = express.Router();
  const parseForm = express.urlencoded({ extended: false, limit: '10kb' });
  const fromPriceList = requireCustomer('/register');
  const shop: Shop = { services, show };

  router.get('/checkout/packs/:packCode', fromPriceList, async (req, res) => {
    showCheckout(shop, req, res, await quotePack(pathPart(req, 'packCode'), services.clock.now()));
  });

  router.get('/checkout/:planCode', fromPriceList, async (req, res) => {
    showCheckout(shop, req, res, await quote(shop, req, res, req.query));
  });

  router.post('/checkout/packs/:packCode', fromPriceList, parseForm, async (req, res) => {
    const packCode = pathPart(req, 'packCode');
    await buy(shop, req, res, await quotePack(packCode, services.clock.now()), { packCode });
  });

  router.post('/checkout/:planCode', fromPriceList, parseForm, async (req, res) => {
    const quoted = await quote(shop, req, res, (req.body ?? {}) as Asked);
    if (quoted.kind === 'free') await startFree(shop, req, res, quoted);
    if (quoted.kind !== 'plan') return;
    const plan = { planCode: quoted.plan.planCode };
    const { type: subscriptionType, total } = quoted;
    await buy(shop, req, res, quoted, { plan, subscriptionType, currency: total.currency });
  });

  return router;
}

interface Asked {
  type?: unknown;
  currency?: unknown;
}

function quote({ services }: Shop, req: Request, res: Response, { type, currency }: Asked): Promise<Quote> {
  return quotePlan(pathPart(req, 'planCode'), { type, currency }, customerOf(res).id, services.clock.now());
}

async function startFree(shop: Shop, req: Request, res: Response, quoted: Quote & { kind: 'free' }): Promise<void> {
  if (quoted.blocked !== null) {
    showCheckout(shop, req, res, quoted, { status: 409 });
    return;
  }
  await startFreePlan(shop.services, { userId: customerOf(res).id, planCode: quoted.plan.planCode });
  res.redirect(303, '/checkout/started');
}

/** Begins the order and sends the buyer to the gateway. The key from the page makes the same click twice one order. */
async function buy(shop: Shop, req: Request, res: Response, quoted: Quote, purchase: Purchase): Promise<void> {
  const { services } = shop;
  const { key, expected, provider = mainProvider(services).name } = submission.parse(req.body ?? {});
  try {
    const { order, payment } = await startCheckout(services, {
      userId: customerOf(res).id,
      purchase,
      provider,
      expectedMinor: expected === undefined ? undefined : () => expected,
      locale: localeOf(res),
      idempotency: { key: `page:${provider}:${key}`, fingerprint: sha256(JSON.stringify(purchase)) },
    });
    // An old page's order may have ended since; the order says how.
    const atGateway = order.status === 'pending' ? payment.approvalUrl : null;
    res.redirect(303, atGateway ?? `/account/orders/${order.orderNo}`);
  } catch (error) {
    const t = translatorOf(res);
    const name = providerNameOf(services, provider, localeOf(res));
    if (error instanceof GatewayUnavailable) {
      const problem = t('checkout:problem.unavailable', { provider: name });
      showCheckout(shop, req, res, quoted, { key, problem, status: 503 });
      return;
    }
    if (error instanceof PaymentPending) {
      const problem = t('checkout:problem.held', { provider: name });
      showCheckout(shop, req, res, quoted, { problem, status: 409 });
      return;
    }
    if (error instanceof PlanUnavailable) {
      showCheckout(shop, req, res, quoted, { problem: t('checkout:problem.not_sold'), status: 422 });
      return;
    }
    const hasChanged = [AmountMismatch, Conflict, IdempotencyKeyReused].some((kind) => error instanceof kind);
    if (!hasChanged) throw error;
    showCheckout(shop, req, res, quoted, { problem: t('checkout:problem.changed'), status: 409 });
  }
}

function showCheckout(
  { services, show }: Shop,
  req: Request,
  res: Response,
  quoted: Quote,
  { key = newId(), problem = null, status = 200 }: { key?: string; problem?: string | null; status?: number } = {},
): void {
  const locale = localeOf(res);
  const model = checkoutModel({
    quote: quoted,
    providers: [...services.providers.values()].map((provider) => ({
      name: provider.name,
      displayName: provider.displayName(locale),
    })),
    checkoutKey: key,
    problem,
    locale,
    t: translatorOf(res),
  });
  show(req, res, 'checkout/order', model, status);
}

function pathPart(req: Request, name: string): string {
  return String(req.params[name]);
}
