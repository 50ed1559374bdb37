import express, { type Request, type Response, type Router } from 'express';
import { z } from 'zod';
import { updateProfile } from '../accounts/users.ts';
import { cancelSubscription, resumeSubscription } from '../billing/cancel-subscription.ts';
import { revokePlanChange, schedulePlanChange } from '../billing/schedule-plan-change.ts';
import type { Services } from '../billing/services.ts';
import { whatFollows } from '../billing/what-follows.ts';
import { listTransactions, readCredits } from '../credits/queries.ts';
import { localeOf, translatorOf } from '../kit/http/language.ts';
import { locales, translator, type Locale, type Translate } from '../kit/i18n.ts';
import type { Money } from '../kit/money.ts';
import { listOrdersOf } from '../orders/orders.ts';
import { findPlan, findPrice, type Plan } from '../plans/catalog.ts';
import { localized, subscriptionTypes } from '../plans/plan-terms.ts';
import { liveSubscription, type Subscription } from '../subscriptions/subscriptions.ts';
import { accountModel, cancelModel, type AccountInput } from './account-model.ts';
import { customerOf } from './sign-in.ts';
import type { ShowPage } from './site.ts';

/** How much of the past the account page shows. */
const recent = 8;

export function accountPages(services: Services, show: ShowPage): Router {
  const router = express.Router();
  const { db, clock } = services;
  const parseForm = express.urlencoded({ extended: false, limit: '10kb' });

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
      flash: flashOf(req, subscription, localeOf(res), t),
      locale: localeOf(res),
      t,
    });
    show(req, res, 'account/overview', model);
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

  router.post('/account/change/keep', async (_req, res) => {
    await revokePlanChange(services, customerOf(res).id);
    res.redirect(303, '/account?done=kept');
  });

  router.post('/account/change/:planCode', parseForm, async (req, res) => {
    const { type } = z.object({ type: z.enum(subscriptionTypes) }).parse(req.body ?? {});
    const { planCode } = req.params;
    await schedulePlanChange(services, { userId: customerOf(res).id, plan: { planCode }, subscriptionType: type });
    res.redirect(303, '/account?done=scheduled');
  });

  router.post('/account/language', parseForm, async (req, res) => {
    const { locale } = z.object({ locale: z.enum(locales) }).parse(req.body ?? {});
    await updateProfile(customerOf(res).id, { locale }, clock.now());
    res.redirect(303, '/account?done=language');
  });

  router.post('/account/low-balance-mails', parseForm, async (req, res) => {
    const { wanted } = z.object({ wanted: z.enum(['yes', 'no']) }).parse(req.body ?? {});
    await updateProfile(customerOf(res).id, { mailLowBalance: wanted === 'yes' }, clock.now());
    res.redirect(303, '/account?done=low_balance');
  });

  return router;
}

async function heldPlan(userId: string): Promise<AccountInput['subscription']> {
  const row = await liveSubscription(userId);
  const plan = row === null ? null : await findPlan(row.planId);
  if (row === null || plan === null) return null;
  return { row, plan, renewalPrice: await renewalPriceOf(row, plan), next: await whatFollows(row) };
}

/** What one more period costs this customer: what they paid, as long as the plan is sold at all. */
async function renewalPriceOf({ priceId, endDate }: Subscription, plan: Plan): Promise<Money | null> {
  if (priceId === null || endDate === null || !plan.isActive) return null;
  const price = await findPrice(priceId);
  return price === null ? null : { amountMinor: price.amountMinor, currency: price.currency };
}

/** What was just done, told once above the page; the state itself is read from the database. */
function flashOf(req: Request, held: AccountInput['subscription'], locale: Locale, t: Translate): string | null {
  const subscription = held?.row;
  switch (req.query.done) {
    case 'cancelled':
      return subscription?.cancelAtPeriodEnd === true
        ? t('account:flash.cancelled', { end: subscription.endDate })
        : null;
    case 'resumed':
      return subscription?.cancelAtPeriodEnd === false ? t('account:flash.resumed') : null;
    case 'scheduled': {
      const next = held?.next ?? null;
      return next && t('account:flash.scheduled', { plan: localized(next.plan.names, locale), start: next.beginsAt });
    }
    case 'kept':
      return held?.next === null ? t('account:flash.kept') : null;
    case 'language': {
      const user = customerOf(req.res as Response);
      return translator(locales.find((locale) => locale === user.locale) ?? 'en')('account:flash.language');
    }
    case 'low_balance': {
      const { mailLowBalance } = customerOf(req.res as Response);
      return t(mailLowBalance ? 'account:flash.low_on' : 'account:flash.low_off');
    }
    default:
      return null;
  }
}
