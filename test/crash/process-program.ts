import { createAccessTokens } from '../../src/accounts/access-tokens.ts';
import type { Services } from '../../src/billing/services.ts';
import { Consumptions } from '../../src/credits/consume.ts';
import { connectDatabase, type Database } from '../../src/db/index.ts';
import { queueDepth } from '../../src/db/queue.ts';
import { AdjustableClock } from '../../src/kit/clock.ts';
import { createSealer } from '../../src/kit/crypto.ts';
import { AppError } from '../../src/kit/errors.ts';
import { createLogger } from '../../src/kit/logger.ts';
import { createMetrics, type Metrics } from '../../src/kit/metrics.ts';
import { createPaypalProvider } from '../../src/payments/providers/paypal.ts';
import { simulatorCredentials } from '../../src/sandbox/paypal/index.ts';
import { Mailbox } from '../../src/sandbox/mailbox.ts';
import { testSecrets } from '../support/secrets.ts';
import type { Ended, House, Order } from './other-process.ts';
import { Story, watchPoints } from './points.ts';
import { take } from './steps.ts';

/** A process of Plantain without a web server: it does what it is told by its parent, until it is killed. */
watchPoints();
let house: { given: House; db: Database; metrics: Metrics } | undefined;

process.on('message', (message: House | Order[]) => {
  if (Array.isArray(message)) void Promise.all(message.map(follow)).then((ended) => process.send?.(ended));
  else house = open(message);
});
// Nobody is left to end it.
process.on('disconnect', () => process.exit());
process.send?.('ready');

async function follow({ task, holdAt }: Order): Promise<Ended> {
  const story = new Story(holdAt);
  const services = servicesOf();
  const error = await story
    .tell(() => take(services, task))
    .then(
      () => null,
      (reason: unknown) => ({
        text: reason instanceof Error ? (reason.stack ?? reason.message) : String(reason),
        isExpected: reason instanceof AppError && reason.status < 500,
      }),
    );
  return { points: story.points, isHeld: story.isHeld, error };
}

function open(given: House): NonNullable<typeof house> {
  // Each task that is held may keep a connection of each pool.
  const db = connectDatabase({ url: given.databaseUrl, poolSize: 60 });
  return { given, db, metrics: createMetrics(() => queueDepth(db.pool)) };
}

/** With a gateway client of its own for each task, so that none passes points that another one shares. */
function servicesOf(): Services {
  if (house === undefined) throw new Error('told to work before being told where');
  const { given, db, metrics } = house;
  const clock = new AdjustableClock(given.clockOffsetMs);
  const log = createLogger('silent');
  const baseUrl = () => `${given.url}/sandbox/paypal`;
  const rootCertificate = () => Promise.resolve(given.rootCertificate);
  const paypal = createPaypalProvider({
    ...simulatorCredentials,
    clock,
    log,
    environment: 'simulator',
    baseUrl,
    trustSimulatorCertificate: { baseUrl, rootCertificate },
  });
  return {
    db,
    clock,
    machineClock: clock,
    log,
    metrics,
    sealer: createSealer(testSecrets.dataEncryption),
    accessTokens: createAccessTokens(testSecrets.jwt, clock),
    consumptions: new Consumptions({ gathering: db.reserved, single: db.pool }),
    providers: new Map([['paypal', paypal]]),
    mail: new Mailbox(db.pool, clock),
    settings: {
      production: false,
      publicUrl: () => given.url,
      mailFrom: 'Plantain <billing@plantain.localhost>',
      duplicateRefundWindowMs: 3600_000,
      freezeDisputed: true,
      staff: { totp: 'optional', idleMs: 60_000, totalMs: 60_000 },
      approvals: { refundAbove: { USD: '500', JPY: '75000' }, creditsAbove: 10_000, expiresAfterMs: 7 * 24 * 3600_000 },
    },
  };
}
