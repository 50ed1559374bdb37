import { Duration } from 'luxon';
import { z } from 'zod';

/** Default values that make `npm start` work with no configuration; production refuses each of them. */
const text = z.string().trim().min(1);
const flag = z.enum(['on', 'off']).transform((value) => value === 'on');
const url = (...protocols: string[]) =>
  text.refine((value) => URL.canParse(value) && protocols.includes(new URL(value).protocol), {
    message: `must be a URL that starts with ${protocols.map((protocol) => `${protocol}//`).join(' or ')}`,
  });
const secret = text.refine((value) => value.length >= 32, { message: 'must have at least 32 characters' });
const secrets = text.transform(listed).refine((items) => items.every((item) => item.length >= 32), {
  message: 'must be a list of keys that have at least 32 characters each, separated by commas',
});
/** It will stand in a list of former keys one day. */
const listable = secret.refine((value) => !value.includes(','), { message: 'must not contain a comma' });
const duration = text
  .transform((value) => Duration.fromISO(value))
  .refine((value) => value.isValid && value.toMillis() >= 0, { message: 'must be an ISO 8601 duration such as PT1H' })
  .transform((value) => value.toMillis());
/** Less would sign people out while they read. */
const minutes = duration.refine((value) => value >= 60_000, { message: 'must be at least PT1M' });
/** Browsers name an origin without a path, so `https://app.example.com/` has to mean the same. */
const origins = text
  .transform(listed)
  .refine((items) => items.every((item) => URL.canParse(item) && /^https?:$/.test(new URL(item).protocol)), {
    message: 'must be a list of origins such as https://app.example.com',
  })
  .transform((items) => items.map((item) => new URL(item).origin));
const noLimit = z.literal('off').transform(() => null);
/** `USD 500, JPY 75000` → by currency, whole units; `off` → null. */
const limits = z.union(
  [
    noLimit,
    text
      .transform((value) => listed(value).map((item) => /^([A-Z]{3}) (\d{1,12})$/.exec(item)))
      .refine((items) => items.length > 0 && items.every((item) => item !== null))
      .transform((items) => Object.fromEntries(items.map((item) => [item?.[1], item?.[2]])) as Record<string, string>),
  ],
  { error: 'must be off, or whole amounts with their currency such as USD 500, JPY 75000' },
);
const creditLimit = z.union([noLimit, z.coerce.number().int().min(0).max(1_000_000_000)], {
  error: 'must be off or a whole number of credits',
});
/** Several lines in one value, as other .env files have them: `\\n` is a line break. */
const lines = text.transform((value) =>
  value
    .split(/\\n|\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .join('\n'),
);

const environment = z.object({
  NODE_ENV: z.enum(['development', 'test', 'production']).default('development'),
  HOST: text.default('127.0.0.1'),
  PORT: z.coerce.number().int().min(0).max(65535).default(3000),
  PUBLIC_URL: url('http:', 'https:').optional(),
  DATA_DIR: text.default('.data'),
  DATABASE_URL: url('postgres:', 'postgresql:').optional(),
  REDIS_URL: url('redis:', 'rediss:').optional(),
  PAYPAL_ENVIRONMENT: z.enum(['simulator', 'sandbox', 'live']).default('simulator'),
  PAYPAL_CLIENT_ID: text.optional(),
  PAYPAL_CLIENT_SECRET: text.optional(),
  PAYPAL_WEBHOOK_ID: text.optional(),
  PAYPAL_WEBHOOK_VERIFICATION: z.enum(['certificate', 'gateway']).default('certificate'),
  PAYPAL_BASE_URL: url('http:', 'https:').optional(),
  DUPLICATE_REFUND_WINDOW: duration.default(3600 * 1000),
  DISPUTE_FREEZE_CREDITS: flag.default(true),
  BANK_TRANSFER_DETAILS: lines.optional(),
  APPROVAL_REFUND_ABOVE: limits.default({ USD: '500', EUR: '500', GBP: '400', CNY: '3500', JPY: '75000' }),
  APPROVAL_CREDITS_ABOVE: creditLimit.default(10_000),
  APPROVAL_EXPIRES_AFTER: duration
    .refine((ms) => ms > 0, { message: 'must be longer than nothing' })
    .default(7 * 24 * 3600 * 1000),
  SMTP_URL: url('smtp:', 'smtps:').optional(),
  MAIL_FROM: text.default('Plantain <billing@plantain.localhost>'),
  SESSION_SECRET: secret.optional(),
  JWT_SECRET: secret.optional(),
  DATA_ENCRYPTION_KEY: listable.optional(),
  DATA_ENCRYPTION_OLD_KEYS: secrets.default([]),
  CORS_ORIGINS: origins.default([]),
  TRUST_PROXY: z.coerce.number().int().min(0).max(10).default(0),
  STAFF_TOTP: z.enum(['required', 'optional']).optional(),
  STAFF_IDLE_TIMEOUT: minutes.default(30 * 60_000),
  STAFF_SESSION_LIMIT: minutes.default(12 * 3600_000),
  RATE_LIMITS: flag.default(true),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).optional(),
  PLANTAIN_ROLE: z.enum(['web', 'worker', 'all']).default('all'),
});

/** To try it with: an IBAN that no bank has given to anybody. */
const demoAccount = 'Account holder: Plantain Demo\nIBAN: XX00 DEMO 0000 0000 0000 00\nBIC: DEMOXX00';

type Environment = z.infer<typeof environment>;

/** Settings as given, before `main` puts embedded parts in the place of what is missing. */
export interface Config {
  production: boolean;
  host: string;
  port: number;
  /** Without a trailing slash; undefined until the listening port is known. */
  publicUrl: string | undefined;
  dataDir: string;
  databaseUrl: string | undefined;
  redisUrl: string | undefined;
  paypal: {
    environment: Environment['PAYPAL_ENVIRONMENT'];
    clientId: string | undefined;
    clientSecret: string | undefined;
    webhookId: string | undefined;
    webhookVerification: Environment['PAYPAL_WEBHOOK_VERIFICATION'];
    baseUrl: string | undefined;
  };
  /** How soon after the first a second payment for the same goes back by itself; 0: never. */
  duplicateRefundWindowMs: number;
  /** Set the credits of a disputed order apart. */
  freezeDisputed: boolean;
  /** Above what a second member of staff decides; a currency that is not named always needs one. null: never. */
  approvals: {
    refundAbove: Record<string, string> | null;
    creditsAbove: number | null;
    expiresAfterMs: number;
  };
  /** The bank account that customers may pay to, in lines; undefined: they cannot pay by bank transfer. */
  bankAccount: string | undefined;
  smtpUrl: string | undefined;
  mailFrom: string;
  sessionSecret: string | undefined;
  jwtSecret: string | undefined;
  dataEncryptionKey: string | undefined;
  /** Open what they sealed, and seal nothing. */
  dataEncryptionOldKeys: string[];
  corsOrigins: string[];
  trustProxy: number;
  rateLimits: boolean;
  staff: {
    /** Whether everybody needs a second factor to get into the panel. */
    totp: 'required' | 'optional';
    /** How long somebody stays signed in without a request, and in all, in milliseconds. */
    idleMs: number;
    totalMs: number;
  };
  logLevel: string | undefined;
  role: 'web' | 'worker' | 'all';
}

/** Everything that is wrong with the environment, one line each, at once. */
export class ConfigError extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

/** @throws ConfigError naming every missing or bad variable */
export function loadConfig(env: Record<string, string | undefined> = process.env): Config {
  // An empty value in an .env file means "not set".
  const given = Object.fromEntries(
    Object.entries(env).filter(([, value]) => value !== undefined && value.trim() !== ''),
  );
  const parsed = environment.safeParse(given);
  if (!parsed.success) {
    throw new ConfigError(parsed.error.issues.map((issue) => `${issue.path.join('.')} ${describe(issue.message)}`));
  }
  const settings = parsed.data;
  const problems = settings.NODE_ENV === 'production' ? missingInProduction(settings) : incomplete(settings);
  if (problems.length > 0) throw new ConfigError(problems);
  return toConfig(settings);
}

/** `a, b,` → `a`, `b` */
function listed(value: string): string[] {
  return value
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

function describe(message: string): string {
  return message.startsWith('must') ? message : `is not valid: ${message}`;
}

function incomplete(settings: Environment): string[] {
  if (settings.PAYPAL_ENVIRONMENT === 'simulator') return [];
  // Outside production the clock can be turned and mail can be read by anybody who reaches the sandbox.
  if (settings.PAYPAL_ENVIRONMENT === 'live') return ['PAYPAL_ENVIRONMENT may be live with NODE_ENV=production only'];
  return (['PAYPAL_CLIENT_ID', 'PAYPAL_CLIENT_SECRET', 'PAYPAL_WEBHOOK_ID'] as const)
    .filter((name) => settings[name] === undefined)
    .map((name) => `${name} must be set when PAYPAL_ENVIRONMENT is ${settings.PAYPAL_ENVIRONMENT}`);
}

function missingInProduction(settings: Environment): string[] {
  const required = [
    'PUBLIC_URL',
    'DATABASE_URL',
    'REDIS_URL',
    'PAYPAL_CLIENT_ID',
    'PAYPAL_CLIENT_SECRET',
    'PAYPAL_WEBHOOK_ID',
    'SMTP_URL',
    'SESSION_SECRET',
    'JWT_SECRET',
    'DATA_ENCRYPTION_KEY',
  ] as const;
  const problems = required
    .filter((name) => settings[name] === undefined)
    .map((name) => `${name} must be set in production`);
  if (settings.PAYPAL_ENVIRONMENT === 'simulator') {
    problems.push('PAYPAL_ENVIRONMENT must be sandbox or live in production');
  }
  if (settings.MAIL_FROM.includes('plantain.localhost')) problems.push('MAIL_FROM must be set in production');
  if (settings.PUBLIC_URL?.startsWith('http:') === true) problems.push('PUBLIC_URL must be https in production');
  if (!settings.RATE_LIMITS) problems.push('RATE_LIMITS must be on in production');
  return problems;
}

function toConfig(settings: Environment): Config {
  return {
    production: settings.NODE_ENV === 'production',
    host: settings.HOST,
    port: settings.PORT,
    publicUrl: settings.PUBLIC_URL?.replace(/\/+$/, ''),
    dataDir: settings.DATA_DIR,
    databaseUrl: settings.DATABASE_URL,
    redisUrl: settings.REDIS_URL,
    paypal: {
      environment: settings.PAYPAL_ENVIRONMENT,
      clientId: settings.PAYPAL_CLIENT_ID,
      clientSecret: settings.PAYPAL_CLIENT_SECRET,
      webhookId: settings.PAYPAL_WEBHOOK_ID,
      webhookVerification: settings.PAYPAL_WEBHOOK_VERIFICATION,
      baseUrl: settings.PAYPAL_BASE_URL,
    },
    duplicateRefundWindowMs: settings.DUPLICATE_REFUND_WINDOW,
    freezeDisputed: settings.DISPUTE_FREEZE_CREDITS,
    approvals: {
      refundAbove: settings.APPROVAL_REFUND_ABOVE,
      creditsAbove: settings.APPROVAL_CREDITS_ABOVE,
      expiresAfterMs: settings.APPROVAL_EXPIRES_AFTER,
    },
    bankAccount: settings.BANK_TRANSFER_DETAILS ?? (settings.NODE_ENV === 'production' ? undefined : demoAccount),
    smtpUrl: settings.SMTP_URL,
    mailFrom: settings.MAIL_FROM,
    sessionSecret: settings.SESSION_SECRET,
    jwtSecret: settings.JWT_SECRET,
    dataEncryptionKey: settings.DATA_ENCRYPTION_KEY,
    dataEncryptionOldKeys: settings.DATA_ENCRYPTION_OLD_KEYS,
    corsOrigins: settings.CORS_ORIGINS,
    trustProxy: settings.TRUST_PROXY,
    rateLimits: settings.RATE_LIMITS,
    staff: {
      totp: settings.STAFF_TOTP ?? (settings.NODE_ENV === 'production' ? 'required' : 'optional'),
      idleMs: settings.STAFF_IDLE_TIMEOUT,
      totalMs: settings.STAFF_SESSION_LIMIT,
    },
    logLevel: settings.LOG_LEVEL,
    role: settings.PLANTAIN_ROLE,
  };
}
