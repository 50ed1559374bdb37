import type { RequestListener } from 'node:http';
import type { Express } from 'express';
import { createAccessTokens } from './accounts/access-tokens.ts';
import { createAdmin, type Admin } from './admin/index.ts';
import { createApp } from './app.ts';
import type { Services } from './billing/services.ts';
import { Consumptions } from './credits/consume.ts';
import type { Config } from './config.ts';
import type { Database } from './db/index.ts';
import { queueDepth } from './db/queue.ts';
import { startCron, type Cron } from './jobs/runner.ts';
import { startWorker } from './jobs/worker.ts';
import { AdjustableClock, systemClock } from './kit/clock.ts';
import { createSealer } from './kit/crypto.ts';
import { RateLimits } from './kit/http/rate-limit.ts';
import { createSessions } from './kit/http/session.ts';
import type { Logger } from './kit/logger.ts';
import { createMetrics } from './kit/metrics.ts';
import { connectRedis } from './kit/redis.ts';
import { createSmtpTransport, type MailTransport } from './mail/transport.ts';
import type { PaymentProvider } from './payments/provider.ts';
import { createManualProvider } from './payments/providers/manual.ts';
import { createPaypalProvider, type PaypalOptions } from './payments/providers/paypal.ts';
import { readClockOffset } from './sandbox/clock.ts';
import { createSandbox, type Sandbox } from './sandbox/index.ts';
import { Mailbox } from './sandbox/mailbox.ts';
import { createPaypalSimulator, simulatorCredentials, type PaypalSimulator } from './sandbox/paypal/index.ts';

export interface Secrets {
  session: string;
  jwt: string;
  dataEncryption: string;
  /** Keys that sealed what is stored, before the current one. */
  formerDataEncryption?: readonly string[];
}

export interface SystemOptions {
  config: Config;
  /** Migrated. */
  db: Database;
  log: Logger;
  secrets: Secrets;
  /** Where people reach us, without a trailing slash; asked for after the server listens. */
  publicUrl: () => string;
  /** Where this process reaches itself: `http://127.0.0.1:3000`. */
  localUrl: () => string;
  /** In the place of the sandbox's own. */
  clock?: AdjustableClock;
  /** With the gateway; for tests that let it fail often. */
  patience?: PaypalOptions['patience'];
}

/** One Plantain, wired: what `main.ts` starts, and what tests start. */
export interface System {
  services: Services;
  app: Express;
  /** Answers requests: the app, with the fast lane before it. */
  listener: RequestListener;
  admin: Admin;
  clock: AdjustableClock | undefined;
  simulator: PaypalSimulator | undefined;
  /** Begins to work: the queue, the jobs and the simulator's webhooks. Call it once the server listens. */
  start(parts?: { cron?: boolean; worker?: boolean }): Promise<void>;
  /** Lets what has begun end, and closes everything but the database. */
  stop(): Promise<void>;
}

const hourMs = 3600 * 1000;

/** Puts the parts together that the settings ask for, and embedded ones in the place of what they leave out. */
export async function createSystem(options: SystemOptions): Promise<System> {
  const { config, db, log, secrets, publicUrl } = options;
  const adjustable = config.production
    ? undefined
    : (options.clock ?? new AdjustableClock(await readClockOffset(db.pool)));
  const clock = adjustable ?? systemClock;
  const redis = config.redisUrl === undefined ? undefined : connectRedis(config.redisUrl, log);
  const simulator = config.production ? undefined : await openSimulator(options, clock);
  const mailbox = config.production ? undefined : await openMailbox(db, clock);
  const services: Services = {
    db,
    clock,
    machineClock: systemClock,
    log,
    metrics: createMetrics(() => queueDepth(db.pool)),
    sealer: createSealer(secrets.dataEncryption, secrets.formerDataEncryption),
    accessTokens: createAccessTokens(secrets.jwt, clock),
    consumptions: new Consumptions({ gathering: db.reserved, single: db.pool }),
    providers: openProviders(options, clock, simulator),
    mail: openMail(config, mailbox),
    settings: { ...settingsOf(config), publicUrl },
  };
  const limits = new RateLimits({ redis, enabled: config.rateLimits });
  const secure = publicUrl().startsWith('https:');
  const cookie = { secret: secrets.session, secure, redis };
  const staffSessions = createSessions({
    ...cookie,
    name: 'plantain.staff',
    path: '/admin',
    sameSite: 'lax',
    idleMs: config.staff.idleMs,
  });
  const sandbox: Sandbox | undefined =
    adjustable === undefined || simulator === undefined || mailbox === undefined
      ? undefined
      : createSandbox(services, { clock: adjustable, mailbox, simulator });
  const admin = await createAdmin(services, { session: staffSessions, limits, sandbox: sandbox?.panel });
  const { app, listener } = createApp(services, {
    sessions: createSessions({ ...cookie, name: 'plantain.sid', path: '/', sameSite: 'lax', idleMs: 30 * 24 * hourMs }),
    limits,
    corsOrigins: config.corsOrigins,
    trustProxy: config.trustProxy,
    redis,
    admin,
    sandbox,
  });

  let cron: Cron | undefined;
  let worker: Awaited<ReturnType<typeof startWorker>> | undefined;
  return {
    services,
    app,
    listener,
    admin,
    clock: adjustable,
    simulator,
    async start({ cron: withCron = true, worker: withWorker = true } = {}) {
      if (withWorker) worker = await startWorker(services);
      if (withCron) cron = startCron(services);
      simulator?.start();
    },
    async stop() {
      await cron?.stop();
      await worker?.stop();
      await simulator?.close();
      services.mail.close();
      redis?.disconnect();
    },
  };
}

function settingsOf({ production, mailFrom, duplicateRefundWindowMs, freezeDisputed, staff, approvals }: Config) {
  return { production, mailFrom, duplicateRefundWindowMs, freezeDisputed, staff, approvals };
}

async function openSimulator(options: SystemOptions, clock: AdjustableClock | typeof systemClock) {
  const { db, log, publicUrl, localUrl } = options;
  const simulator = createPaypalSimulator({
    clock,
    log,
    pool: db.pool,
    publicUrl: () => `${publicUrl()}/sandbox/paypal`,
    apiUrl: () => `${localUrl()}/sandbox/paypal`,
    webhookUrl: () => `${localUrl()}/webhooks/paypal`,
  });
  await simulator.prepare();
  return simulator;
}

async function openMailbox(db: Database, clock: AdjustableClock | typeof systemClock): Promise<Mailbox> {
  const mailbox = new Mailbox(db.pool, clock);
  await mailbox.prepare();
  return mailbox;
}

function openMail({ smtpUrl, mailFrom }: Config, mailbox: Mailbox | undefined): MailTransport {
  if (smtpUrl !== undefined) return createSmtpTransport(smtpUrl, mailFrom);
  if (mailbox === undefined) throw new Error('there is no way to send mail');
  return mailbox;
}

/** The first one is behind the main button of the checkout. */
function openProviders(
  options: SystemOptions,
  clock: AdjustableClock | typeof systemClock,
  simulator: PaypalSimulator | undefined,
): ReadonlyMap<string, PaymentProvider> {
  const { config, db, publicUrl } = options;
  const { bankAccount: account } = config;
  const providers = [openPaypal(options, clock, simulator)];
  if (account !== undefined) providers.push(createManualProvider({ db, clock, account, publicUrl }));
  return new Map(providers.map((provider) => [provider.name, provider]));
}

function openPaypal(
  { config, log, localUrl, patience }: SystemOptions,
  clock: AdjustableClock | typeof systemClock,
  simulator: PaypalSimulator | undefined,
): PaymentProvider {
  const { environment, clientId = '', clientSecret = '', webhookId = '', webhookVerification, baseUrl } = config.paypal;
  if (environment === 'simulator' && simulator !== undefined) {
    const base = () => baseUrl ?? `${localUrl()}/sandbox/paypal`;
    return createPaypalProvider({
      ...simulatorCredentials,
      clock,
      log,
      environment,
      webhookVerification,
      ...(patience === undefined ? {} : { patience }),
      baseUrl: base,
      trustSimulatorCertificate: { baseUrl: base, rootCertificate: () => simulator.rootCertificate() },
    });
  }
  return createPaypalProvider({
    clock,
    log,
    environment,
    clientId,
    clientSecret,
    webhookId,
    webhookVerification,
    ...(baseUrl === undefined ? {} : { baseUrl: () => baseUrl }),
  });
}
