import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { createStaff, type StaffRole } from '../../src/accounts/staff.ts';
import { createAdmin } from '../../src/admin/index.ts';
import { adjustOrAsk } from '../../src/billing/ask-approval.ts';
import { registerCustomer } from '../../src/billing/register-customer.ts';
import type { Services } from '../../src/billing/services.ts';
import { settlePayment } from '../../src/billing/settle-payment.ts';
import type { Purchase } from '../../src/billing/price-purchase.ts';
import { startCheckout } from '../../src/billing/start-checkout.ts';
import type { Database } from '../../src/db/index.ts';
import { reportIncident, type NewIncident } from '../../src/incidents/incidents.ts';
import { AdjustableClock } from '../../src/kit/clock.ts';
import { createSealer } from '../../src/kit/crypto.ts';
import { newId } from '../../src/kit/ids.ts';
import { problemHandler } from '../../src/kit/http/problem.ts';
import { RateLimits } from '../../src/kit/http/rate-limit.ts';
import { createSessions } from '../../src/kit/http/session.ts';
import { createLogger } from '../../src/kit/logger.ts';
import { createMetrics } from '../../src/kit/metrics.ts';
import { createManualProvider } from '../../src/payments/providers/manual.ts';
import { paysAtOnce } from './fake-provider.ts';

export const staffPassword = 'leaf and tag, green';

export interface TestPanel {
  url: string;
  services: Services;
  clock: AdjustableClock;
  /** What sessions, locks and one-time codes go by. */
  machineClock: AdjustableClock;
  /** Waits until AdminJS is loaded. */
  warmUp(): Promise<void>;
  close(): Promise<void>;
}

export interface PanelOptions {
  port?: number;
  /** Whether the rate limits are on. */
  limited?: boolean;
  totp?: 'required' | 'optional';
}

/** The panel alone on a port of its own, over a real database and a gateway that pays at once. */
export async function startPanel(
  db: Database,
  { port = 0, limited = true, totp = 'optional' }: PanelOptions = {},
): Promise<TestPanel> {
  const log = createLogger(process.env['LOG_LEVEL'] ?? 'silent');
  const clock = new AdjustableClock();
  const machineClock = new AdjustableClock();
  const publicUrl = () => 'http://127.0.0.1';
  const manual = createManualProvider({ db, clock, account: 'IBAN: DE00 1234', publicUrl });
  const services: Services = {
    db,
    clock,
    machineClock,
    log,
    metrics: createMetrics(() => Promise.resolve(0)),
    sealer: createSealer('a secret for tests, long enough'),
    accessTokens: undefined as never,
    consumptions: undefined as never,
    providers: new Map([
      ['paypal', paysAtOnce()],
      ['manual', manual],
    ]),
    mail: undefined as never,
    settings: {
      production: false,
      publicUrl,
      mailFrom: 'Plantain <billing@plantain.test>',
      duplicateRefundWindowMs: 3600_000,
      freezeDisputed: true,
      staff: { totp, idleMs: 30 * 60_000, totalMs: 12 * 3600_000 },
      approvals: { refundAbove: { USD: '500', JPY: '75000' }, creditsAbove: 10_000, expiresAfterMs: 7 * 24 * 3600_000 },
    },
  };
  const session = createSessions({
    name: 'plantain.staff',
    path: '/admin',
    secret: 'a secret for sessions, long enough',
    secure: false,
    idleMs: 3600_000,
    sameSite: 'lax',
    redis: undefined,
  });
  const { router, warmUp } = await createAdmin(services, {
    session,
    limits: new RateLimits({ redis: undefined, enabled: limited }),
  });
  const app = express();
  app.use('/admin', router);
  app.use(problemHandler(log));
  const server = createServer(app).listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/admin`,
    services,
    clock,
    machineClock,
    warmUp,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

export async function addStaff(
  { clock }: Services,
  role: StaffRole,
  name: string = role,
): Promise<{ id: string; email: string }> {
  const email = `${name.toLowerCase().replaceAll(' ', '.')}@plantain.test`;
  const { id } = await createStaff({ email, name, password: staffPassword, role, now: clock.now() });
  return { id, email };
}

let customers = 0;

export async function addCustomer(services: Services, name = 'Ada Example'): Promise<{ id: string; email: string }> {
  customers += 1;
  const email = `${name.toLowerCase().split(' ')[0] ?? 'customer'}.${customers}@example.com`;
  const user = await registerCustomer(services, { email, password: 'long enough words', name, locale: 'en' });
  return { id: user.id, email };
}

/** → its id */
export async function addIncident({ db, clock }: Services, incident: Partial<NewIncident> = {}): Promise<string> {
  const subjectId = incident.subjectId ?? newId();
  const given: NewIncident = {
    kind: 'capture_mismatch',
    subjectType: 'order',
    summary: 'The gateway took money that is not what was asked for.',
    now: clock.now(),
    ...incident,
    subjectId,
  };
  await db.transaction((tx) => reportIncident(tx, given));
  const { rows } = await db.pool.query<{ id: string }>(
    'SELECT id FROM incidents WHERE subject_id = $1 ORDER BY id DESC LIMIT 1',
    [subjectId],
  );
  return rows[0]?.id ?? '';
}

/** An order that waits for a bank transfer. → its id, and the transfer's */
export async function orderByTransfer(
  services: Services,
  userId: string,
  purchase: Purchase,
): Promise<{ orderId: string; transferId: string }> {
  const { order, payment } = await startCheckout(services, { userId, purchase, provider: 'manual', locale: 'en' });
  return { orderId: order.id, transferId: payment.providerOrderId ?? '' };
}

/** A paid order, settled as the return page would. */
export async function buy(services: Services, userId: string, purchase: Purchase): Promise<string> {
  const { order, payment } = await startCheckout(services, { userId, purchase, provider: 'paypal', locale: 'en' });
  const { outcome } = await settlePayment(services, payment.id);
  if (outcome !== 'completed') throw new Error(`the order was not paid: ${outcome}`);
  return order.id;
}

/** Asks for so many credits that another person has to approve it. */
export async function askForCredits(services: Services, userId: string): Promise<void> {
  const { id } = await addStaff(services, 'finance', `asker ${newId()}`);
  const staff = { staffId: id, name: 'Asker', address: null };
  await adjustOrAsk(services, { userId, amount: 20_000, reason: 'a gift', requestId: newId(), staff });
}
