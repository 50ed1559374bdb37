import { Router, type Request } from 'express';
import { z } from 'zod';
import { validate } from '../kit/http/validate.ts';
import { matchLocale } from '../kit/i18n.ts';
import { defaultCurrency, listPacks, listPlans } from '../plans/catalog.ts';
import { presentPack, presentPlan } from './present.ts';

const query = z.object({
  locale: z.string().max(35).optional(),
  currency: z
    .string()
    .regex(/^[A-Z]{3}$/, 'must be an ISO 4217 code')
    .default(defaultCurrency),
});

/** What is for sale; public. */
export function catalogRoutes(): Router {
  const router = Router();

  router.get('/plans', async (req, res) => {
    const { locale, currency } = validate(query, req.query);
    const language = languageOf(req, locale);
    const plans = await listPlans(currency);
    res.json({ data: plans.map((offered) => presentPlan(offered, language, currency)) });
  });

  router.get('/credit-packs', async (req, res) => {
    const { locale } = validate(query, req.query);
    const language = languageOf(req, locale);
    const packs = await listPacks();
    res.json({ data: packs.map((pack) => presentPack(pack, language)) });
  });

  return router;
}

/** As asked for, else as the caller's Accept-Language says, else English. */
export function languageOf(req: Request, asked?: string): string {
  const wanted = [asked, ...req.acceptsLanguages()];
  return wanted.map((tag) => matchLocale(tag)).find((locale) => locale !== undefined) ?? 'en';
}
