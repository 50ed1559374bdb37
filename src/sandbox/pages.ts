import express, { Router, type Request, type Response } from 'express';
import { z } from 'zod';
import { systemClock } from '../kit/clock.ts';
import { NotFound, ValidationFailed } from '../kit/errors.ts';
import { translatorOf } from '../kit/http/language.ts';
import type { ShowPage } from '../pages/site.ts';
import type { ClockControl } from './clock.ts';
import type { Mailbox } from './mailbox.ts';
import { clockModel, homeModel, mailboxModel, mailModel, steps } from './page-models.ts';
import type { PaypalControl } from './paypal/control.ts';

interface SandboxPagesParts {
  show: ShowPage;
  clock: ClockControl;
  mailbox: Mailbox;
  control: PaypalControl;
}

const faultForm = z.object({
  fault: z.string(),
  order: z.string().max(36).default(''),
  times: z.coerce.number().int().min(1).max(100).catch(1),
});
const amountForm = z.object({ amount: z.string().trim().max(20).default('') });
const turnForm = z.object({ advance: z.enum(steps).optional(), set: z.string().max(50).optional() });

/** `/sandbox` for people: the mailbox, the clock and PayPal's side, in the look of the customers' pages. */
export function sandboxPages({ show, clock, mailbox, control }: SandboxPagesParts): Router {
  const router = Router();
  const parseForm = express.urlencoded({ extended: false, limit: '10kb' });

  router.get('/sandbox', async (req, res) => {
    const [mails, faults, orders] = await Promise.all([
      mailbox.list({ limit: 1000 }),
      control.listFaults(),
      control.listOrders(10),
    ]);
    const parts = { mailCount: mails.length, now: clock.now(), faults, orders };
    show(req, res, 'sandbox/home', homeModel(parts, translatorOf(res)));
  });

  router.post('/sandbox/faults', parseForm, async (req, res) => {
    const { fault, order, times } = faultForm.parse(req.body ?? {});
    const [on = '', name = ''] = fault.split(':');
    await control.armFault({ on, fault: name, times, orderId: order === '' ? null : order });
    res.redirect(303, '/sandbox');
  });

  router.post('/sandbox/faults/clear', async (_req, res) => {
    await control.clearFaults();
    res.redirect(303, '/sandbox');
  });

  router.post('/sandbox/captures', parseForm, async (req, res) => {
    await control.captureElsewhere({ amount: amountOf(req) ?? '', currency: 'USD' });
    res.redirect(303, '/sandbox#paypal');
  });

  router.post('/sandbox/:what/:id/:action', parseForm, async (req, res) => {
    const { what, id, action } = req.params;
    const act = paypalActions(control)[`${what}/${action}`];
    if (act === undefined) throw new NotFound();
    await act(id, amountOf(req));
    res.redirect(303, '/sandbox#paypal');
  });

  router.get('/sandbox/clock', (req, res) => {
    showClock(req, res, req.query.turned === '1' ? 'turned' : null);
  });

  router.post('/sandbox/clock', parseForm, async (req, res) => {
    const { advance, set } = turnForm.parse(req.body ?? {});
    try {
      if (advance !== undefined) await clock.advance(advance);
      else await clock.set(set ?? '');
    } catch (error) {
      if (!(error instanceof ValidationFailed)) throw error;
      showClock(req, res, 'refused', 422);
      return;
    }
    res.redirect(303, '/sandbox/clock?turned=1');
  });

  function showClock(req: Request, res: Response, told: 'turned' | 'refused' | null, status = 200): void {
    const model = clockModel({ now: clock.now(), real: systemClock.now(), told }, translatorOf(res));
    show(req, res, 'sandbox/clock', model, status);
  }

  router.use(mailboxPages(show, mailbox));
  return router;
}

/** What a button of the page does, by the address that it is sent to. */
function paypalActions(
  control: PaypalControl,
): Readonly<Record<string, (id: string, amount: string | undefined) => Promise<unknown>>> {
  return {
    'orders/lapse': (id) => control.lapse(id),
    'captures/complete': (id) => control.completeCapture(id),
    'captures/deny': (id) => control.denyCapture(id),
    'captures/refund': (id, amount) => control.refundCapture(id, amount),
    'captures/reverse': (id) => control.reverseCapture(id),
    'captures/dispute': (id) => control.openDispute(id),
    'captures/won': (id) => control.closeDispute(id, 'won'),
    'captures/lost': (id) => control.closeDispute(id, 'lost'),
    'refunds/complete': (id) => control.completeRefund(id),
    'refunds/fail': (id) => control.failRefund(id),
  };
}

/** @throws ValidationFailed; an empty field is none */
function amountOf(req: Request): string | undefined {
  const { amount } = amountForm.parse(req.body ?? {});
  if (amount === '') return undefined;
  if (!/^\d{1,13}(\.\d{1,3})?$/.test(amount))
    throw new ValidationFailed([{ path: 'amount', message: 'must be an amount' }]);
  return amount;
}

function mailboxPages(show: ShowPage, mailbox: Mailbox): Router {
  const router = Router();

  router.get('/sandbox/mail', async (req, res) => {
    const to = typeof req.query.to === 'string' && req.query.to !== '' ? req.query.to.trim() : undefined;
    show(req, res, 'sandbox/mailbox', mailboxModel(await mailbox.list({ to }), to ?? '', translatorOf(res)));
  });

  router.get('/sandbox/mail/:id', async (req, res) => {
    show(req, res, 'sandbox/mail', mailModel(await mailOf(req.params.id), translatorOf(res)));
  });

  router.get('/sandbox/mail/:id/html', async (req, res) => {
    const mail = await mailOf(req.params.id);
    // A mail brings its styles along, which the site's own policy forbids; in a sandboxed frame it can do no more.
    res.set(
      'Content-Security-Policy',
      "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; sandbox allow-popups",
    );
    res.set('X-Frame-Options', 'SAMEORIGIN');
    res.type('html').send(mail.html);
  });

  async function mailOf(id: string) {
    const mail = z.guid().safeParse(id).success ? await mailbox.find(id) : null;
    if (mail === null) throw new NotFound();
    return mail;
  }

  return router;
}
