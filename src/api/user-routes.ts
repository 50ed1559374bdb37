import { Router } from 'express';
import { z } from 'zod';
import { updateProfile } from '../accounts/users.ts';
import type { Services } from '../billing/services.ts';
import { text, validate } from '../kit/http/validate.ts';
import { locales } from '../kit/i18n.ts';
import { customerOf, readableUser } from './authenticate.ts';
import { presentUser } from './present.ts';

const changes = z.strictObject({
  name: text(200).nullable().optional(),
  locale: z.enum(locales).optional(),
  mail_low_balance: z.boolean().optional(),
});

export function userRoutes({ clock }: Services): Router {
  const router = Router();

  router.get('/me', async (req, res) => {
    res.json(presentUser(await readableUser(req, 'users:read', req.query.user_id)));
  });

  router.patch('/me', async (req, res) => {
    const user = await customerOf(req);
    const { name, locale, mail_low_balance: mailLowBalance } = validate(changes, req.body);
    const given = {
      ...(name === undefined ? {} : { name }),
      ...(locale === undefined ? {} : { locale }),
      ...(mailLowBalance === undefined ? {} : { mailLowBalance }),
    };
    res.json(presentUser(await updateProfile(user.id, given, clock.now())));
  });

  return router;
}
