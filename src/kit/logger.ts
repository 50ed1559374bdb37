import { pino, type DestinationStream, type Logger, type LoggerOptions } from 'pino';

export type { Logger };

/** What must never reach a log line, wherever it hangs in the logged object. */
const secrets = [
  'password',
  'password_hash',
  'passwordHash',
  'token',
  'access_token',
  'refresh_token',
  'authorization',
  'cookie',
  'secret',
  'api_key',
  'payer',
  'raw_body',
  'rawBody',
];

/** One JSON object per line, on stdout unless told otherwise; errors lose everything but message, type and stack. */
export function createLogger(level: string, destination: DestinationStream = pino.destination(1)): Logger {
  const options: LoggerOptions = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: { paths: secrets.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]), censor: '[removed]' },
    formatters: { level: (label) => ({ level: label }) },
    serializers: { err: describeError },
  };
  return pino(options, destination);
}

/** The safe part of an error: an SDK's error may carry the request, and with it our credentials. */
export function describeError(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { message: String(error) };
  const { name: type, message, stack } = error;
  const cause = error.cause === undefined ? {} : { cause: describeError(error.cause) };
  return { type, message, stack, ...cause };
}
