import express, { type RequestHandler, type Router } from 'express';
import type { Services } from '../billing/services.ts';
import { limitRegistration, limitSignIn, type RateLimits } from '../kit/http/rate-limit.ts';
import { chooseLanguage, localeOf, translatorOf } from '../kit/http/language.ts';
import { refuseCrossSite } from '../kit/http/same-site.ts';
import { currenciesOnSale, defaultCurrency, listPacks, listPlans } from '../plans/catalog.ts';
import { liveSubscription } from '../subscriptions/subscriptions.ts';
import { accountPages } from './account-pages.ts';
import { authPages } from './auth-pages.ts';
import { checkoutPages } from './checkout-pages.ts';
import { parseType } from './checkout-quote.ts';
import { noSuchPage, showErrors } from './error-pages.ts';
import { historyPages } from './history-pages.ts';
import { pricingModel } from './pricing-model.ts';
import { returnPages } from './return-pages.ts';
import { createSignIn, requireCustomer } from './sign-in.ts';
import { transferPage } from './transfer-page.ts';
import { createSite, servePublicFiles, userOf, type ShowPage } from './site.ts';

export interface PagesOptions {
  /** The customers' cookie session. */
  sessions: RequestHandler;
  limits: RateLimits;
  /** More pages in the same look, behind the same session: the sandbox's. */
  more?: (show: ShowPage) => Router;
}

/**
 * Everything that customers see. Mount it last, at `/`: it answers every address, with a page that says so where there
 * is nothing.
 */
export function createPages(services: Services, { sessions, limits, more }: PagesOptions): Router {
  const router = express.Router();
  const show = createSite(services);
  const signIn = createSignIn(services);

  router.use(servePublicFiles());
  router.use(sessions, signIn.recognise);
  router.use(chooseLanguage((res) => userOf(res)?.locale));
  router.use(refuseCrossSite);
  router.use(pricingPages(show));
  router.use(
    authPages(services, show, signIn, {
      signIn: limitSignIn(limits, 'customer'),
      registration: [limitRegistration(limits)],
    }),
  );
  // `/checkout/return` before `/checkout/:planCode`.
  router.use(returnPages(services, show));
  router.use(transferPage(services, show));
  router.use(checkoutPages(services, show));
  router.use('/account', requireCustomer());
  router.use(accountPages(services, show));
  router.use(historyPages(services, show));
  if (more !== undefined) router.use(more(show));
  router.use(noSuchPage, showErrors(services, show));
  return router;
}

function pricingPages(show: ShowPage): Router {
  const router = express.Router();
  router.get(['/', '/pricing'], async (req, res) => {
    const user = userOf(res);
    const [currencies, packs, current] = await Promise.all([
      currenciesOnSale(),
      listPacks(),
      user === null ? null : liveSubscription(user.id),
    ]);
    const currency = currencies.find((each) => each === req.query.currency) ?? currencies[0] ?? defaultCurrency;
    const plans = await listPlans(currency);
    const type = parseType(req.query.interval) ?? 'monthly';
    const words = { locale: localeOf(res), t: translatorOf(res) };
    show(req, res, 'pages/pricing', pricingModel({ plans, packs, type, currency, currencies, current, ...words }));
  });
  return router;
}
