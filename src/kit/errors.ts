/** The stable codes of the HTTP contract. */
export type ErrorCode =
  | 'validation_failed'
  | 'invalid_credentials'
  | 'unauthenticated'
  | 'forbidden'
  | 'not_found'
  | 'conflict'
  | 'email_taken'
  | 'insufficient_credits'
  | 'amount_mismatch'
  | 'plan_unavailable'
  | 'order_not_payable'
  | 'payment_pending'
  | 'payment_declined'
  | 'idempotency_key_reused'
  | 'hold_closed'
  | 'unknown_feature'
  | 'account_busy'
  | 'history_archived'
  | 'rate_limited'
  | 'too_slow'
  | 'provider_unavailable'
  | 'payload_too_large'
  | 'internal_error';

export interface FieldError {
  path: string;
  message: string;
}

/**
 * A failure that the caller can understand and act on. Each kind of business failure is one subclass or one
 * constructor below; everything else that is thrown is a bug and becomes a 500 without details.
 */
export class AppError extends Error {
  readonly status: number;
  readonly code: ErrorCode;
  /** Members added to the problem document, e.g. `available` and `required`. */
  readonly extra: Readonly<Record<string, unknown>>;
  readonly errors: readonly FieldError[] | undefined;

  constructor(
    status: number,
    code: ErrorCode,
    detail: string,
    options: { extra?: Record<string, unknown>; errors?: readonly FieldError[]; cause?: unknown } = {},
  ) {
    super(detail, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.status = status;
    this.code = code;
    this.extra = options.extra ?? {};
    this.errors = options.errors;
  }
}

export class ValidationFailed extends AppError {
  constructor(errors: readonly FieldError[], detail = 'The request is not valid; see errors.') {
    super(400, 'validation_failed', detail, { errors });
  }
}

export class Unauthenticated extends AppError {
  constructor(detail = 'Send a valid access token or API key in the Authorization header.') {
    super(401, 'unauthenticated', detail);
  }
}

export class InvalidCredentials extends AppError {
  constructor(detail = 'The e-mail address or the password is wrong.') {
    super(401, 'invalid_credentials', detail);
  }
}

export class Forbidden extends AppError {
  constructor(detail = 'These credentials do not allow this.') {
    super(403, 'forbidden', detail);
  }
}

export class NotFound extends AppError {
  constructor(detail = 'There is nothing at this address.') {
    super(404, 'not_found', detail);
  }
}

export class Conflict extends AppError {
  constructor(detail: string) {
    super(409, 'conflict', detail);
  }
}

export class EmailTaken extends AppError {
  constructor() {
    super(409, 'email_taken', 'An account with this e-mail address exists. Sign in instead.');
  }
}

export class InsufficientCredits extends AppError {
  constructor(available: number, required: number) {
    super(402, 'insufficient_credits', `${required} credits are needed and ${available} are available.`, {
      extra: { available, required },
    });
  }
}

export class AmountMismatch extends AppError {
  constructor(expected: string, currency: string) {
    super(422, 'amount_mismatch', `The price is ${expected} ${currency}. Load the plans again and retry.`, {
      extra: { expected_amount: expected, currency },
    });
  }
}

/** The client's idea of what a feature costs is not what the plan's price list says. */
export class CreditsMismatch extends AppError {
  constructor(required: number) {
    super(422, 'amount_mismatch', `This costs ${required} credits. Leave amount out, and the price list decides.`, {
      extra: { required },
    });
  }
}

export class UnknownFeature extends AppError {
  constructor(feature: string) {
    super(422, 'unknown_feature', `The plan’s price list has no feature “${feature}”. Use one that it has.`);
  }
}

/** What is asked about lies in entries that have left the database for the archive. */
export class HistoryArchived extends AppError {
  constructor(earliest: Date) {
    super(
      410,
      'history_archived',
      `Entries before ${earliest.toISOString()} are archived. Ask about that time or later.`,
      {
        extra: { earliest },
      },
    );
  }
}

export class HoldClosed extends AppError {
  constructor(status: string) {
    const how = status === 'expired' ? 'has run out, and its credits are free again' : `was ${status} before`;
    super(409, 'hold_closed', `This hold ${how}. Nothing was changed.`, { extra: { hold_status: status } });
  }
}

/** Something else has held an account's credits for longer than a request waits. */
export class AccountBusy extends AppError {
  constructor() {
    super(503, 'account_busy', 'Something else is changing this account’s credits. Nothing was done; try again.');
  }
}

export class PlanUnavailable extends AppError {
  constructor(detail = 'This plan is not offered at that interval.') {
    super(422, 'plan_unavailable', detail);
  }
}

export class OrderNotPayable extends AppError {
  constructor(detail: string, extra: Record<string, unknown> = {}) {
    super(409, 'order_not_payable', detail, { extra });
  }
}

export class PaymentPending extends AppError {
  constructor(detail: string) {
    super(409, 'payment_pending', detail);
  }
}

export class PaymentDeclined extends AppError {
  constructor(approvalUrl: string | null) {
    super(402, 'payment_declined', 'The payment was declined. No money moved. Try again with another way to pay.', {
      extra: { approval_url: approvalUrl },
    });
  }
}

export class IdempotencyKeyReused extends AppError {
  constructor() {
    super(422, 'idempotency_key_reused', 'This Idempotency-Key was used with another request. Use a new key.');
  }
}

export class RateLimited extends AppError {
  readonly retryAfterSeconds: number;

  constructor(retryAfterSeconds: number) {
    super(429, 'rate_limited', `Too many requests. Try again in ${retryAfterSeconds} s.`);
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

export class PayloadTooLarge extends AppError {
  constructor(limit: string) {
    super(413, 'payload_too_large', `The body is larger than ${limit}.`);
  }
}

export class GatewayUnavailable extends AppError {
  constructor(cause?: unknown) {
    super(503, 'provider_unavailable', 'The payment service does not answer. No money moved. Try again in a minute.', {
      cause,
    });
  }
}
