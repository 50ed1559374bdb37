import {
  ProviderDeclined,
  ProviderError,
  ProviderNotApproved,
  ProviderRejected,
  ProviderUnavailable,
} from '../provider-errors.ts';

const provider = 'paypal';

/** The buyer's instrument failed and another may work: the same order goes back to approval. */
const declines: ReadonlySet<string> = new Set([
  'INSTRUMENT_DECLINED', 'CARD_EXPIRED', 'PAYER_CANNOT_PAY', 'PAYMENT_DENIED', 'TRANSACTION_LIMIT_EXCEEDED',
]); // prettier-ignore

const notApproved: ReadonlySet<string> = new Set(['ORDER_NOT_APPROVED', 'PAYER_ACTION_REQUIRED']);

/** Says nothing for good: the same call, with the same request id, may be made again. */
const passing: ReadonlySet<number> = new Set([401, 408, 409, 425, 429]);

/**
 * What the SDK, axios or the network threw, as one of ours. Only an issue and a debug id are taken over: an SDK error
 * carries the request, and with it the bearer token.
 */
export function toProviderError(error: unknown): ProviderError {
  if (error instanceof ProviderError) return error;
  const answer = readAnswer(error);
  if (answer === null) return withoutAnswer(error);
  const { status, issue, debugId } = answer;
  if (passing.has(status) || status >= 500) return new ProviderUnavailable(provider, issue, debugId);
  if (status === 404) return new ProviderRejected(provider, 'RESOURCE_NOT_FOUND', debugId);
  if (declines.has(issue)) return new ProviderDeclined(provider, issue, debugId);
  if (notApproved.has(issue)) return new ProviderNotApproved(provider, issue, debugId);
  if (status >= 400) return new ProviderRejected(provider, issue, debugId);
  return new ProviderUnavailable(provider, 'UNREADABLE_ANSWER', debugId);
}

/** The HTTP status of an answer that the SDK turned into an error; null when there was no answer. */
export function statusOf(error: unknown): number | null {
  return readAnswer(error)?.status ?? null;
}

interface Answer {
  status: number;
  issue: string;
  debugId: string | null;
}

function readAnswer(error: unknown): Answer | null {
  if (!isRecord(error) || typeof error.statusCode !== 'number') return null;
  const status = error.statusCode;
  const problem = isRecord(error.result) ? error.result : parse(error.body);
  const first: unknown = Array.isArray(problem.details) ? problem.details[0] : undefined;
  const issue = code(isRecord(first) ? first.issue : undefined) ?? code(problem.name) ?? `HTTP_${status}`;
  const headers = isRecord(error.headers) ? error.headers : {};
  return { status, issue, debugId: id(problem.debug_id) ?? id(headers['paypal-debug-id']) };
}

function withoutAnswer(error: unknown): ProviderError {
  const name = error instanceof Error ? error.constructor.name : '';
  // Our own mistake, found by the SDK before anything was sent.
  if (name === 'ArgumentsValidationError') return new ProviderRejected(provider, 'INVALID_ARGUMENT');
  const failure = code(isRecord(error) ? error.code : undefined);
  return new ProviderUnavailable(provider, failure === null ? 'UNREADABLE_ANSWER' : `NETWORK_${failure}`);
}

/** The SDK parses the bodies of the statuses that it knows; a 429, or a 500 on Payments, comes as text only. */
function parse(body: unknown): Record<string, unknown> {
  if (typeof body !== 'string') return {};
  try {
    const value: unknown = JSON.parse(body);
    return isRecord(value) ? value : {};
  } catch {
    return {};
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function code(value: unknown): string | null {
  return typeof value === 'string' && /^[A-Z][A-Z0-9_]{0,79}$/.test(value) ? value : null;
}

function id(value: unknown): string | null {
  return typeof value === 'string' && /^[\w-]{1,64}$/.test(value) ? value : null;
}
