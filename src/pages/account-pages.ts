import express, { type Request, type Response, type Router } from 'express';
import { z } from 'zod';
import { updateProfile } from '../accounts/users.ts';
import { cancelSubscription, resumeSubscription } from '../billing/cancel-subscription.ts';
import type { Services } from '../billing/services.ts';
import { listTransactions, readCredits } from '../credits/queries.ts';
import { localeOf, translatorOf } from '../kit/http/language.ts';
import { locales, translator, type Translate } from '../kit/i18n.ts';
import type { Money } from '../kit/money.ts';
import { getOrderOf, listOrdersOf } from '../orders/orders.ts';
import { paymentsOf } from '../payments/payments.ts';
import { refundsOf } from '../payments/refunds.ts';
import { findPlan, findPrice, type Plan } from '../plans/catalog.ts';
import { liveSubscription, type Subscription } from '../subscriptions/subscriptions.ts';
import { accountModel, cancelModel, historyRow, type AccountInput } from './account-model.ts';
import { orderRow } from './order-item.ts';
import { orderModel } from './order-model.ts';
import { customerOf, requireCustomer } from './sign-in.ts';
import type { ShowPage } from './site.ts';

const recent = 8;
const pageSize = 25;

export function accountPages(services: Services, show: ShowPage): Router {
  const router = express.Router();
  const { db, clock } = services;
  const parseForm = express.urlencoded({ extended: false, limit: '10kb' });
  router.use('/account', requireCustomer());

  router.get('/account', async (req, res) => {
    const user = customerOf(res);
    const [subscription, credits, history, orders] = await Promise.all([
      heldPlan(user.id),
      db.transaction((tx) => readCredits(tx, user.id, clock.now())),
      listTransactions(user.id, recent + 1),
      listOrdersOf(user.id, 3),
    ]);
    const t = translatorOf(res);
    const model = accountModel({
      user,
      subscription,
      credits,
      history: history.slice(0, recent),
      hasOlderHistory: history.length > recent,
      orders,
      flash: flashOf(req, subscription?.row ?? null, t),
      locale: localeOf(res),
      t,
    });
    show(req, res, 'account/overview', model);
  });

  router.get('/account/credits', async (req, res) => {
    const before = z.coerce.number().int().positive().optional().catch(undefined).parse(req.query.before);
    const entries = await listTransactions(customerOf(res).id, pageSize + 1, before);
    const shown = entries.slice(0, pageSize);
    const t = translatorOf(res);
    show(req, res, 'account/history', {
      title: t('account:history.title'),
      section: 'account',
      history: shown.map((entry) => historyRow(entry, localeOf(res), t)),
      olderHref: entries.length > pageSize ? `/account/credits?before=${shown.at(-1)?.seq ?? ''}` : null,
    });
  });

  router.get('/account/orders', async (req, res) => {
    const before = z.uuid().optional().catch(undefined).parse(req.query.before);
    const orders = await listOrdersOf(customerOf(res).id, pageSize + 1, before);
    const shown = orders.slice(0, pageSize);
    const t = translatorOf(res);
    show(req, res, 'account/orders', {
      title: t('account:orders.title'),
      section: 'account',
      orders: shown.map((order) => orderRow(order, localeOf(res), t)),
      olderHref: orders.length > pageSize ? `/account/orders?before=${shown.at(-1)?.id ?? ''}` : null,
    });
  });

  router.get('/account/orders/:orderNo', async (req, res) => {
    const user = customerOf(res);
    const order = await getOrderOf(user.id, { orderNo: req.params.orderNo });
    const [payments, refunds] = await Promise.all([paymentsOf([order.id]), refundsOf([order.id])]);
    const providerName = (name: string) => services.providers.get(name)?.displayName ?? name;
    const words = { locale: localeOf(res), t: translatorOf(res) };
    show(req, res, 'account/order', orderModel({ order, payments, refunds, user, providerName, ...words }));
  });

  router.get('/account/cancel', async (req, res) => {
    const held = await heldPlan(customerOf(res).id);
    if (held?.row.endDate == null || held.row.cancelAtPeriodEnd) {
      res.redirect(303, '/account');
      return;
    }
    show(req, res, 'account/confirm', cancelModel(held.plan, held.row.endDate, localeOf(res), translatorOf(res)));
  });

  router.post('/account/cancel', async (_req, res) => {
    await cancelSubscription(services, { userId: customerOf(res).id, atPeriodEnd: true });
    res.redirect(303, '/account?done=cancelled');
  });

  router.post('/account/resume', async (_req, res) => {
    await resumeSubscription(services, customerOf(res).id);
    res.redirect(303, '/account?done=resumed');
  });

  router.post('/account/language', parseForm, async (req, res) => {
    const { locale } = z.object({ locale: z.enum(locales) }).parse(req.body ?? {});
    await updateProfile(customerOf(res).id, { locale }, clock.now());
    res.redirect(303, '/account?done=language');
  });

  return router;
}

async function heldPlan(userId: string): Promise<AccountInput['subscription']> {
  const row = await liveSubscription(userId);
  const plan = row === null ? null : await findPlan(row.planId);
  return row === null || plan === null ? null : { row, plan, renewalPrice: await renewalPriceOf(row, plan) };
}

/** What one more period costs this customer: what they paid, as long as the plan is sold at all. */
async function renewalPriceOf({ priceId, endDate }: Subscription, plan: Plan): Promise<Money | null> {
  if (priceId === null || endDate === null || !plan.isActive) return null;
  const price = await findPrice(priceId);
  return price === null ? null : { amountMinor: price.amountMinor, currency: price.currency };
}

/** What was just done, told once above the page; the state itself is read from the database. */
function flashOf(req: Request, subscription: Subscription | null, t: Translate): string | null {
  switch (req.query.done) {
    case 'cancelled':
      return subscription?.cancelAtPeriodEnd === true
        ? t('account:flash.cancelled', { end: subscription.endDate })
        : null;
    case 'resumed':
      return subscription?.cancelAtPeriodEnd === false ? t('account:flash.resumed') : null;
    case 'language': {
      const user = customerOf(req.res as Response);
      return translator(locales.find((locale) => locale === user.locale) ?? 'en')('account:flash.language');
    }
    default:
      return null;
  }
}
