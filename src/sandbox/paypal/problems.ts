import { randomBytes } from 'node:crypto';

interface Detail {
  issue: string;
  description?: string;
  /** JSON pointer into the body, or the name of a parameter. */
  field?: string;
  location?: 'query';
  value?: string;
}

/** A refusal in PayPal's own shape. */
export class PaypalProblem extends Error {
  readonly status: number;
  readonly code: string;
  readonly details: readonly Detail[];

  constructor(status: number, code: string, message: string, details: readonly Detail[] = []) {
    super(message);
    this.name = 'PaypalProblem';
    this.status = status;
    this.code = code;
    this.details = details;
  }
}

/** PayPal's words; clients must not depend on them, but the descriptions list them. */
const descriptions: Readonly<Record<string, string>> = {
  CANNOT_BE_ZERO_OR_NEGATIVE:
    'Must be greater than zero. If the currency supports decimals, only two decimal place precision is supported.',
  CAPTURE_FULLY_REFUNDED: 'The capture has already been fully refunded',
  DECIMAL_PRECISION: 'If the currency supports decimals, only two decimal place precision is supported.',
  DUPLICATE_INVOICE_ID:
    'Duplicate Invoice ID detected. To avoid a potential duplicate transaction your account setting requires that Invoice Id be unique for each transaction.',
  INSTRUMENT_DECLINED:
    "The instrument presented  was either declined by the processor or bank, or it can't be used for this payment.",
  INVALID_ARRAY_MAX_ITEMS: 'The number of items in an array parameter is too large.',
  INVALID_ARRAY_MIN_ITEMS: 'The number of items in an array parameter is too small.',
  INVALID_PARAMETER_SYNTAX: 'The value of a field does not conform to the expected format.',
  INVALID_PARAMETER_VALUE: 'A parameter value is not valid.',
  INVALID_RESOURCE_ID: 'Specified resource ID does not exist. Please check the resource ID and try again.',
  INVALID_STRING_LENGTH: 'The value of a field is either too short or too long',
  MALFORMED_REQUEST_JSON: 'The request JSON is not well formed.',
  MISSING_REQUIRED_PARAMETER: 'A required parameter is missing.',
  NOT_SUPPORTED: 'This field is not currently supported.',
  ORDER_ALREADY_CAPTURED: "Order already captured.If 'intent=CAPTURE' only one capture per order is allowed.",
  ORDER_NOT_APPROVED:
    "Payer has not yet approved the Order for payment. Please redirect the payer to the 'rel':'approve' url returned as part of the HATEOAS links within the Create Order call or provide a valid `payment_source` in the request.",
  PAYPAL_REQUEST_ID_REQUIRED:
    "A PayPal-Request-Id is required if you are trying to process payment for an Order. Please specify a PayPal-Request-Id or Create the Order without a 'payment_source' specified.",
  PENDING_CAPTURE:
    'Cannot initiate a refund as the capture is pending. Capture is typically pending when the payer has funded the transaction using e-check/bank funded.',
  REFUND_AMOUNT_EXCEEDED:
    'The refund amount must be less than or equal to the capture amount that has not yet been refunded.',
  REFUND_CAPTURE_CURRENCY_MISMATCH: 'Refund must be in the same currency as the capture',
  REFUND_FAILED_INSUFFICIENT_FUNDS:
    'Capture could not be refunded due to insufficient funds. Please check to see if you have sufficient funds in your PayPal account or if the bank account linked to your PayPal account is verified and has sufficient funds.',
  REFUND_NOT_ALLOWED: 'Capture cannot be refunded.',
  REFUND_NOT_PERMITTED_DUE_TO_CHARGEBACK:
    'Refunds are not allowed on this capture due to a chargeback on the card or bank. Please contact the payee to resolve the chargeback.',
  REFUND_TIME_LIMIT_EXCEEDED: 'You are over the time limit to perform a refund on this capture',
};

function describe(detail: Detail): Detail {
  const description = detail.description ?? descriptions[detail.issue];
  return description === undefined ? detail : { ...detail, description };
}

export function badRequest(details: readonly Detail[]): PaypalProblem {
  const message = 'Request is not well-formed, syntactically incorrect, or violates schema.';
  return new PaypalProblem(400, 'INVALID_REQUEST', message, details.map(describe));
}

export function unauthorized(): PaypalProblem {
  const message = 'Authentication failed due to missing authorization header, or invalid authentication credentials.';
  return new PaypalProblem(401, 'AUTHENTICATION_FAILURE', message);
}

export function forbidden(): PaypalProblem {
  return new PaypalProblem(403, 'NOT_AUTHORIZED', 'Authorization failed due to insufficient permissions.');
}

export function notFound(): PaypalProblem {
  const details = [describe({ issue: 'INVALID_RESOURCE_ID' })];
  return new PaypalProblem(404, 'RESOURCE_NOT_FOUND', 'The specified resource does not exist.', details);
}

export function unprocessable(issue: string, field?: string): PaypalProblem {
  const message = 'The requested action could not be performed, semantically incorrect, or failed business validation.';
  const detail = describe(field === undefined ? { issue } : { issue, field });
  return new PaypalProblem(422, 'UNPROCESSABLE_ENTITY', message, [detail]);
}

export function tooManyRequests(): PaypalProblem {
  return new PaypalProblem(429, 'RATE_LIMIT_REACHED', 'Too many requests. Blocked due to rate limiting.');
}

export function serverError(): PaypalProblem {
  return new PaypalProblem(500, 'INTERNAL_SERVER_ERROR', 'An internal server error occurred.');
}

/** The body, with a new debug id. @param approvalUrl where a declined buyer may choose again */
export function problemBody(problem: PaypalProblem, approvalUrl?: string): Record<string, unknown> {
  const issue = problem.details[0]?.issue ?? problem.code;
  const information = {
    href: `https://developer.paypal.com/api/rest/reference/orders/v2/errors/#${issue}`,
    rel: 'information_link',
  };
  const redirect = approvalUrl === undefined ? [] : [{ href: approvalUrl, rel: 'redirect', method: 'GET' }];
  return {
    name: problem.code,
    message: problem.message,
    debug_id: randomBytes(7).toString('hex').slice(0, 13),
    ...(problem.details.length === 0 ? {} : { details: problem.details }),
    links: [information, ...redirect],
  };
}
