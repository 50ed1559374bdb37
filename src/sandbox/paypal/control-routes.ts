import express, { Router, type Request } from 'express';
import { z } from 'zod';
import { ValidationFailed } from '../../kit/errors.ts';
import type { OrderRecord } from './records.ts';
import type { PaypalControl } from './control.ts';
import type { Fault } from './faults.ts';

const nothing = z.strictObject({});
const faultBody = z.strictObject({
  on: z.string(),
  fault: z.string(),
  times: z.int().min(1).max(1000).optional(),
  order_id: z.string().min(1).max(36).optional(),
});
const refundBody = z.strictObject({
  amount: z
    .string()
    .regex(/^\d{1,13}(\.\d{1,3})?$/)
    .optional(),
});
const foreignBody = z.strictObject({
  amount: refundBody.shape.amount.unwrap(),
  currency: z.string().length(3).default('USD'),
  custom_id: z.string().min(1).max(127).optional(),
  invoice_id: z.string().min(1).max(127).optional(),
});
const disputeBody = z.strictObject({
  outcome: z.enum(['won', 'lost']).optional(),
  reason: z.enum(['MERCHANDISE_OR_SERVICE_NOT_RECEIVED', 'UNAUTHORISED', 'CREDIT_NOT_PROCESSED', 'OTHER']).optional(),
});
const listQuery = z.object({ limit: z.coerce.number().int().min(1).max(100).default(20) });

/**
 * The sandbox's HTTP calls for PayPal, to be mounted at `/sandbox/api/paypal`, outside production only. Throws AppError
 * to the application's error handler.
 */
export function createPaypalControlRoutes(control: PaypalControl): Router {
  const router = Router();
  router.use(express.json({ limit: '10kb', strict: false }));

  for (const choice of ['approve', 'decline', 'cancel'] as const) {
    router.post(`/orders/:id/${choice}`, async (req, res) => {
      body(req, nothing);
      const { order, redirectUrl } = await control[choice](idOf(req));
      res.json({ ...present(order), redirect_url: redirectUrl });
    });
  }
  router.post('/orders/:id/lapse', async (req, res) => {
    body(req, nothing);
    res.json(present(await control.lapse(idOf(req))));
  });
  router.get('/orders', async (req, res) => {
    const orders = await control.listOrders(limitOf(req));
    const data = orders.map(({ order, captures, refunds }) => ({
      ...present(order),
      captures: captures.map(snake),
      refunds: refunds.map(snake),
    }));
    res.json({ data });
  });

  router.post('/faults', async (req, res) => {
    const { on, fault, times = 1, order_id: orderId = null } = body(req, faultBody);
    res.status(201).json(presentFault(await control.armFault({ on, fault, times, orderId })));
  });
  router.get('/faults', async (_req, res) => {
    res.json({ data: (await control.listFaults()).map(presentFault) });
  });
  router.delete('/faults', async (_req, res) => {
    await control.clearFaults();
    res.status(204).end();
  });

  router.post('/captures', async (req, res) => {
    const { amount, currency, custom_id: customId, invoice_id: invoiceId } = body(req, foreignBody);
    res.status(201).json(snake(await control.captureElsewhere({ amount, currency, customId, invoiceId })));
  });
  router.post('/captures/:id/refund', async (req, res) => {
    res.json(snake(await control.refundCapture(idOf(req), body(req, refundBody).amount)));
  });
  router.post('/captures/:id/dispute', async (req, res) => {
    const { outcome, reason } = body(req, disputeBody);
    const id = idOf(req);
    const disputed = outcome === undefined ? control.openDispute(id, reason) : control.closeDispute(id, outcome);
    res.json(snake(await disputed));
  });
  const plain = {
    '/captures/:id/reverse': (id: string) => control.reverseCapture(id),
    '/captures/:id/complete': (id: string) => control.completeCapture(id),
    '/captures/:id/deny': (id: string) => control.denyCapture(id),
    '/refunds/:id/complete': (id: string) => control.completeRefund(id),
    '/refunds/:id/fail': (id: string) => control.failRefund(id),
  };
  for (const [path, act] of Object.entries(plain)) {
    router.post(path, async (req, res) => {
      body(req, nothing);
      res.json(snake(await act(idOf(req))));
    });
  }

  router.get('/deliveries', async (req, res) => {
    res.json({ data: (await control.listDeliveries(limitOf(req))).map(snake) });
  });
  return router;
}

/** The contract writes snake_case; the records inside do not. */
function snake(record: object): Record<string, unknown> {
  const entries = Object.entries(record).map(([key, value]: [string, unknown]) => {
    return [key.replace(/[A-Z]/g, (capital) => `_${capital.toLowerCase()}`), value] as const;
  });
  return Object.fromEntries(entries);
}

/** @throws ValidationFailed */
function body<T extends z.ZodType>(req: Request, schema: T): z.infer<T> {
  const parsed = schema.safeParse(req.body ?? {});
  if (parsed.success) return parsed.data;
  throw new ValidationFailed(
    parsed.error.issues.map(({ path, message }) => ({ path: path.map(String).join('.'), message })),
  );
}

function limitOf(req: Request): number {
  const parsed = listQuery.safeParse(req.query);
  if (!parsed.success) throw new ValidationFailed([{ path: 'limit', message: 'must be a number from 1 to 100' }]);
  return parsed.data.limit;
}

function idOf(req: Request): string {
  const { id } = req.params;
  return typeof id === 'string' ? id : '';
}

function present(order: OrderRecord): Record<string, unknown> {
  return {
    id: order.id,
    status: order.status,
    instrument: order.instrument,
    amount: order.unit.amount,
    custom_id: order.unit.custom_id ?? null,
    invoice_id: order.unit.invoice_id ?? null,
    created_at: order.createdAt,
  };
}

function presentFault({ on, fault, times, orderId }: Fault): Record<string, unknown> {
  return { on, fault, times, order_id: orderId };
}
