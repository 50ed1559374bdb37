import type { AccessTokens } from '../accounts/access-tokens.ts';
import type { ApprovalLimits } from '../approvals/approvals.ts';
import type { Consumptions } from '../credits/consume.ts';
import type { Database } from '../db/index.ts';
import type { Clock } from '../kit/clock.ts';
import type { Sealer } from '../kit/crypto.ts';
import type { Logger } from '../kit/logger.ts';
import type { Metrics } from '../kit/metrics.ts';
import type { MailTransport } from '../mail/transport.ts';
import type { PaymentProvider } from '../payments/provider.ts';

/** What a flow works with. Made once by `main.ts`, handed down from there. */
export interface Services {
  db: Database;
  clock: Clock;
  /**
   * The time of the world, which the sandbox does not turn: for sessions, locks and one-time codes, about which browsers
   * and phones have their own idea.
   */
  machineClock: Clock;
  log: Logger;
  metrics: Metrics;
  sealer: Sealer;
  accessTokens: AccessTokens;
  consumptions: Consumptions;
  /** By name, as in `payments.provider`. */
  providers: ReadonlyMap<string, PaymentProvider>;
  mail: MailTransport;
  settings: Settings;
}

export interface Settings {
  production: boolean;
  /** Where customers reach us, without a trailing slash. Known once the server listens. */
  publicUrl(): string;
  /** `Name <address>`: the sender of mails, and who to write to. */
  mailFrom: string;
  /** A second payment for the same goes back by itself when it comes so soon after the first; 0: never. */
  duplicateRefundWindowMs: number;
  /** Set the credits of a disputed order apart until the gateway has decided. */
  freezeDisputed: boolean;
  staff: StaffSettings;
  /** Above what a second member of staff decides. */
  approvals: ApprovalLimits;
}

export interface StaffSettings {
  /** Whether nobody gets into the panel without a second factor. */
  totp: 'required' | 'optional';
  /** How long a session lives without a request, and in all, in milliseconds. */
  idleMs: number;
  totalMs: number;
}

/** @throws Error when a row names a gateway that is not configured */
export function providerOf(services: Pick<Services, 'providers'>, name: string): PaymentProvider {
  const provider = services.providers.get(name);
  if (provider === undefined) throw new Error(`no payment provider named ${name}`);
  return provider;
}
