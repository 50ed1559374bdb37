import { Router, type Request } from 'express';
import { z } from 'zod';
import { passwordMaxBytes, passwordMinLength } from '../accounts/passwords.ts';
import { issueRefreshToken, revokeRefreshToken, rotateRefreshToken } from '../accounts/refresh-tokens.ts';
import { signIn } from '../accounts/sign-in.ts';
import { findUser, type User } from '../accounts/users.ts';
import { registerCustomer } from '../billing/register-customer.ts';
import type { Services } from '../billing/services.ts';
import { Unauthenticated } from '../kit/errors.ts';
import { addressOf, limitRegistration, limitSignIn, type RateLimits } from '../kit/http/rate-limit.ts';
import { text, validate } from '../kit/http/validate.ts';
import { matchLocale } from '../kit/i18n.ts';
import { presentUser } from './present.ts';

const email = z.email().max(254);
const newPassword = z
  .string()
  .min(passwordMinLength)
  .refine((value) => Buffer.byteLength(value) <= passwordMaxBytes, {
    message: `must have at most ${passwordMaxBytes} bytes`,
  });
const token = z.string().min(1).max(200);

const registration = z.strictObject({
  email,
  password: newPassword,
  name: text(200).nullish(),
  locale: z.string().max(35).optional(),
});
const credentials = z.strictObject({ email: z.string().max(254), password: z.string().max(1000) });
const refreshBody = z.strictObject({ refresh_token: token });

export function authRoutes(services: Services, limits: RateLimits): Router {
  const { db, clock, accessTokens } = services;
  const router = Router();

  const answer = (user: User, refreshToken: string) => ({
    user: presentUser(user),
    access_token: accessTokens.issue(user.id),
    refresh_token: refreshToken,
    token_type: 'bearer',
    expires_in: accessTokens.lifetimeSeconds,
  });

  router.post('/register', limitRegistration(limits), async (req, res) => {
    const { name = null, ...account } = validate(registration, req.body);
    const locale = matchLocale(account.locale) ?? localeOf(req);
    const user = await registerCustomer(services, { ...account, name, locale });
    res.status(201).json(answer(user, await issueRefreshToken(user.id, clock.now())));
  });

  router.post('/login', ...limitSignIn(limits, 'customer'), async (req, res) => {
    const given = validate(credentials, req.body);
    const user = await signIn(given.email, given.password, clock.now());
    res.json(answer(user, await issueRefreshToken(user.id, clock.now())));
  });

  const limitRefresh = limits.by({ name: 'refresh', points: 60, seconds: 60 }, addressOf);
  router.post('/refresh', limitRefresh, async (req, res) => {
    const { refresh_token } = validate(refreshBody, req.body);
    const { userId, refreshToken } = await rotateRefreshToken(db, refresh_token, clock.now());
    const user = await findUser(userId);
    if (user?.status !== 'active') throw new Unauthenticated('This account cannot be used.');
    res.json(answer(user, refreshToken));
  });

  router.post('/logout', async (req, res) => {
    const { refresh_token } = validate(refreshBody, req.body);
    await revokeRefreshToken(refresh_token, clock.now());
    res.status(204).end();
  });

  return router;
}

function localeOf(req: Request): string {
  return (
    req
      .acceptsLanguages()
      .map(matchLocale)
      .find((locale) => locale !== undefined) ?? 'en'
  );
}
