import express, { Router, type Request } from 'express';
import { receiveWebhook } from '../billing/receive-webhook.ts';
import type { Services } from '../billing/services.ts';
import { AppError, NotFound, Unauthenticated } from '../kit/errors.ts';
import { problemHandler } from '../kit/http/problem.ts';
import { ProviderUnavailable, WebhookRejected } from '../payments/provider-errors.ts';

/** PayPal's largest events are some kilobytes. */
const bodyLimit = '256kb';

/** `POST /webhooks/<provider>`: raw body → verify → store → enqueue → 200. */
export function createWebhooks(services: Services): Router {
  const router = Router();

  router.post('/:provider', express.raw({ type: () => true, limit: bodyLimit }), async (req, res) => {
    const { provider } = req.params;
    if (!services.providers.has(provider)) throw new NotFound();
    try {
      const isNew = await receiveWebhook(services, { provider, rawBody: rawBodyOf(req), headers: headersOf(req) });
      services.metrics.webhooks.inc({ outcome: isNew ? 'stored' : 'known' });
      res.json({ received: true });
    } catch (error) {
      throw answerTo(error, provider, services);
    }
  });

  router.use(problemHandler(services.log));
  return router;
}

/** What the gateway is told of a webhook that was not taken in: 401 when it is none, 503 when it shall come again. */
function answerTo(error: unknown, provider: string, { metrics, log }: Services): unknown {
  if (error instanceof ProviderUnavailable) {
    metrics.webhooks.inc({ outcome: 'unchecked' });
    const detail = 'The signature of this webhook cannot be checked now. Send it again.';
    return new AppError(503, 'provider_unavailable', detail, { cause: error });
  }
  if (!(error instanceof WebhookRejected)) return error;
  metrics.webhooks.inc({ outcome: 'refused' });
  log.warn({ err: error, provider }, 'a webhook was refused');
  return new Unauthenticated('The signature of this webhook is not valid.');
}

function rawBodyOf(req: Request): Buffer {
  return Buffer.isBuffer(req.body) ? req.body : Buffer.alloc(0);
}

/** The transmission's own headers; cookies and credentials that a proxy may add are not kept. */
function headersOf(req: Request): Record<string, string> {
  return Object.fromEntries(
    Object.entries(req.headers).flatMap(([name, value]) =>
      /^(paypal-|content-type$|user-agent$)/.test(name) && typeof value === 'string' ? [[name, value]] : [],
    ),
  );
}
