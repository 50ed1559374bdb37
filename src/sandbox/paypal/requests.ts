import { z } from 'zod';
import { checkMoney } from './money.ts';
import { badRequest, type PaypalProblem } from './problems.ts';
import type { OrderRecord, PaypalMoney } from './records.ts';

const money = z.looseObject({
  currency_code: z.string().length(3),
  value: z
    .string()
    .max(32)
    .regex(/^((-?[0-9]+)|(-?([0-9]+)?[.][0-9]+))$/),
});

const url = z.url().optional();
const locale = z
  .string()
  .regex(/^[a-z]{2}(?:-[A-Z][a-z]{3})?(?:-(?:[A-Z]{2}|[0-9]{3}))?$/)
  .optional();

const context = z.looseObject({
  brand_name: z.string().min(1).max(127).optional(),
  locale,
  shipping_preference: z.enum(['GET_FROM_FILE', 'NO_SHIPPING', 'SET_PROVIDED_ADDRESS']).optional(),
  user_action: z.enum(['CONTINUE', 'PAY_NOW']).optional(),
  return_url: url,
  cancel_url: url,
});

const orderRequest = z.looseObject({
  intent: z.enum(['CAPTURE', 'AUTHORIZE']),
  purchase_units: z
    .array(
      z.looseObject({
        reference_id: z.string().min(1).max(256).optional(),
        description: z.string().min(1).max(127).optional(),
        custom_id: z.string().min(1).max(127).optional(),
        invoice_id: z.string().min(1).max(127).optional(),
        soft_descriptor: z.string().min(1).max(22).optional(),
        amount: money,
      }),
    )
    .min(1)
    // PayPal takes ten; one is all that we sell.
    .max(1),
  payment_source: z
    .strictObject({ paypal: z.looseObject({ experience_context: context.optional() }).optional() })
    .optional(),
  application_context: context.optional(),
});

const refundRequest = z.looseObject({
  amount: money.optional(),
  custom_id: z.string().min(1).max(127).optional(),
  invoice_id: z.string().min(1).max(127).optional(),
  note_to_payer: z.string().min(1).max(255).optional(),
});

type NewOrder = Pick<OrderRecord, 'unit' | 'wallet' | 'returnUrl' | 'cancelUrl' | 'locale' | 'brandName'>;

/** @throws PaypalProblem */
export function readOrderRequest(body: unknown): NewOrder {
  const request = parse(orderRequest, body);
  if (request.intent !== 'CAPTURE')
    throw badRequest([{ issue: 'NOT_SUPPORTED', field: '/intent', value: request.intent }]);
  const [unit] = request.purchase_units;
  if (unit === undefined) throw badRequest([{ issue: 'INVALID_ARRAY_MIN_ITEMS', field: '/purchase_units' }]);
  checkMoney(unit.amount, "/purchase_units/@reference_id=='default'/amount");
  const chosen = request.payment_source?.paypal?.experience_context ?? request.application_context ?? {};
  return {
    unit: { reference_id: 'default', ...unit } as OrderRecord['unit'],
    wallet: request.payment_source !== undefined,
    returnUrl: chosen.return_url ?? null,
    cancelUrl: chosen.cancel_url ?? null,
    locale: chosen.locale ?? 'en-US',
    brandName: chosen.brand_name ?? null,
  };
}

export interface RefundRequest {
  amount?: PaypalMoney | undefined;
  custom_id?: string | undefined;
  invoice_id?: string | undefined;
  note_to_payer?: string | undefined;
}

/** @throws PaypalProblem */
export function readRefundRequest(body: unknown): RefundRequest {
  const request = parse(refundRequest, body ?? {});
  if (request.amount !== undefined) checkMoney(request.amount, '/amount');
  return request;
}

const disputeQuery = z.looseObject({
  update_time_after: z.iso.datetime({ offset: true }).optional(),
  page_size: z.coerce.number().int().min(1).max(50).default(10),
  next_page_token: z.coerce.number().int().min(0).default(0),
});

/** Our page tokens are how many came before. @throws PaypalProblem */
export function readDisputeQuery(query: unknown): { updatedAfter: string; offset: number; limit: number } {
  const {
    update_time_after: after = '1970-01-01T00:00:00Z',
    page_size: limit,
    next_page_token: offset,
  } = parse(disputeQuery, query);
  return { updatedAfter: new Date(after).toISOString(), offset, limit };
}

/** @throws PaypalProblem for bytes that are not JSON; an empty body is an absent one */
export function readJson(raw: Buffer): unknown {
  if (raw.length === 0) return undefined;
  try {
    return JSON.parse(raw.toString('utf8'));
  } catch {
    throw badRequest([{ issue: 'MALFORMED_REQUEST_JSON' }]);
  }
}

function parse<T extends z.ZodType>(schema: T, body: unknown): z.infer<T> {
  const parsed = schema.safeParse(body ?? {});
  if (!parsed.success) throw invalid(body, parsed.error);
  return parsed.data;
}

function invalid(body: unknown, error: z.ZodError): PaypalProblem {
  return badRequest(
    error.issues.map((issue) => {
      const value = valueAt(body, issue.path);
      const shown = typeof value === 'string' || typeof value === 'number' ? { value: String(value) } : {};
      return { issue: paypalIssue(issue, value), field: `/${issue.path.join('/')}`, ...shown };
    }),
  );
}

function paypalIssue(issue: z.core.$ZodIssue, value: unknown): string {
  if (value === undefined && issue.code !== 'unrecognized_keys') return 'MISSING_REQUIRED_PARAMETER';
  switch (issue.code) {
    case 'too_small':
      return issue.origin === 'array' ? 'INVALID_ARRAY_MIN_ITEMS' : 'INVALID_STRING_LENGTH';
    case 'too_big':
      return issue.origin === 'array' ? 'INVALID_ARRAY_MAX_ITEMS' : 'INVALID_STRING_LENGTH';
    case 'invalid_value':
      return 'INVALID_PARAMETER_VALUE';
    case 'unrecognized_keys':
      return 'NOT_SUPPORTED';
    default:
      return 'INVALID_PARAMETER_SYNTAX';
  }
}

function valueAt(body: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, key) =>
      typeof value === 'object' && value !== null ? (value as Record<PropertyKey, unknown>)[key] : undefined,
    body,
  );
}
