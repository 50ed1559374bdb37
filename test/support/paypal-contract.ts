import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Ajv2019 as AjvType, ValidateFunction } from 'ajv/dist/2019.js';
import { Ajv2019 } from 'ajv/dist/2019.js';
import ajvFormats from 'ajv-formats';
import type { Exchange, PaypalSimulator } from '../../src/sandbox/paypal/index.ts';

/** PayPal's own OpenAPI descriptions: beside the clone, not in it. */
const folder = path.resolve(import.meta.dirname, '../../../shared/paypal');

type Json = Record<string, unknown>;

interface Operation {
  file: string;
  method: string;
  pattern: RegExp;
  name: string;
  request: unknown;
  responses: Record<string, unknown>;
}

export interface PaypalContract {
  /** What does not fit the description, in words; empty when everything does. */
  checkExchange(exchange: Exchange): string[];
  checkWebhook(body: string): string[];
}

export interface ContractRecord {
  /** How often each operation or event type was seen. */
  readonly seen: ReadonlyMap<string, number>;
  readonly problems: readonly string[];
  stop(): void;
}

let loaded: PaypalContract | undefined;

/** For a `before` hook: where the descriptions are absent, the tests are skipped and say why. */
export function requireContract(context: Mocha.Context): PaypalContract {
  if (!existsSync(folder)) {
    console.warn(`      skipped: PayPal's descriptions are not at ${folder}`);
    return context.skip();
  }
  return (loaded ??= loadContract());
}

/** Watches everything that goes between client and simulator, in any test that has one in its process. */
export function recordContract(contract: PaypalContract, simulator: Pick<PaypalSimulator, 'observe'>): ContractRecord {
  const seen = new Map<string, number>();
  const problems: string[] = [];
  const count = (what: string) => seen.set(what, (seen.get(what) ?? 0) + 1);
  const stop = simulator.observe({
    exchange: (exchange) => {
      count(
        `${exchange.method} ${exchange.path.replace(/\?.*$/, '')} ${exchange.status ?? 'cut'}`.replace(
          /[A-Z0-9]{17}/g,
          '{id}',
        ),
      );
      problems.push(...contract.checkExchange(exchange));
    },
    webhook: (body) => {
      count((JSON.parse(body) as { event_type: string }).event_type);
      problems.push(...contract.checkWebhook(body));
    },
  });
  return { seen, problems, stop };
}

/** The schema of each event's resource; the event's own description leaves it open. */
const resources: readonly [RegExp, string, string][] = [
  [/^CHECKOUT\.ORDER\./, 'checkout_orders_v2.json', 'order'],
  [/^PAYMENT\.CAPTURE\.(COMPLETED|PENDING|DENIED|DECLINED)$/, 'payments_payment_v2.json', 'capture-2'],
  [/^PAYMENT\.CAPTURE\.(REFUNDED|REVERSED)$/, 'payments_payment_v2.json', 'refund'],
  [/^PAYMENT\.REFUND\./, 'payments_payment_v2.json', 'refund'],
  [/^CUSTOMER\.DISPUTE\./, 'customer_disputes_v1.json', 'dispute'],
];

function loadContract(): PaypalContract {
  const files = [
    'checkout_orders_v2.json',
    'payments_payment_v2.json',
    'notifications_webhooks_v1.json',
    'customer_disputes_v1.json',
    'reporting_transactions_v1.json',
  ];
  const documents = files.map(
    (file) => [file, JSON.parse(readFileSync(path.join(folder, file), 'utf8')) as Json] as const,
  );
  // Everything in the descriptions is optional and open, so a misspelt field would pass: successes are checked closed.
  const open = validator(documents, {});
  const closed = validator(
    documents.map(([file, document]) => [file, close(document) as Json]),
    { unevaluatedProperties: false },
  );
  const operations = documents.flatMap(([file, document]) => operationsOf(file, document));

  return {
    checkExchange(exchange) {
      const pathname = exchange.path.replace(/\?.*$/, '');
      if (pathname === '/v1/oauth2/token') return [];
      const operation = operations.find((one) => one.method === exchange.method && one.pattern.test(pathname));
      if (operation === undefined) return [`${exchange.method} ${exchange.path}: not described`];
      const sent = checkRequest(closed, operation, exchange);
      return [...sent, ...checkHeaders(operation, exchange), ...checkResponse({ open, closed }, operation, exchange)];
    },
    checkWebhook(body) {
      const event = JSON.parse(body) as { event_type: string; resource: unknown };
      const known = resources.find(([type]) => type.test(event.event_type));
      const envelope = closed(
        'notifications_webhooks_v1.json',
        { $ref: '#/components/schemas/event' },
        event,
        event.event_type,
      );
      if (known === undefined) return envelope;
      const [, file, schema] = known;
      const resource = closed(file, { $ref: `#/components/schemas/${schema}` }, event.resource, event.event_type);
      return [...envelope, ...resource];
    },
  };
}

function checkRequest(closed: Check, operation: Operation, { status, requestBody }: Exchange): string[] {
  // What PayPal refuses as malformed may well be malformed.
  if (operation.request === undefined || requestBody === undefined || status === 400 || status === 422) return [];
  return closed(operation.file, operation.request, requestBody, `${operation.name} request`);
}

function checkHeaders(operation: Operation, { method, requestHeaders }: Exchange): string[] {
  if (method !== 'POST') return [];
  const id = requestHeaders['paypal-request-id'];
  const fits = id === undefined || (typeof id === 'string' && id.length >= 1 && id.length <= 108);
  const json = requestHeaders['content-type']?.startsWith('application/json') === true;
  return [
    ...(fits ? [] : [`${operation.name}: PayPal-Request-Id has 1 to 108 characters`]),
    ...(json ? [] : [`${operation.name}: PayPal wants Content-Type application/json`]),
  ];
}

function checkResponse(
  { open, closed }: { open: Check; closed: Check },
  operation: Operation,
  exchange: Exchange,
): string[] {
  const { status, responseBody } = exchange;
  if (status === null) return [];
  const what = `${operation.name} ${status}`;
  // PayPal's descriptions have no 429 although PayPal sends it.
  if (status === 429) return hasProblemFields(responseBody) ? [] : [`${what}: no PayPal error`];
  const schema =
    String(status) in operation.responses ? operation.responses[String(status)] : operation.responses.default;
  if (schema === undefined) return [];
  return (status < 300 ? closed : open)(operation.file, schema, responseBody, what);
}

type Check = (file: string, schema: unknown, value: unknown, what: string) => string[];

function validator(documents: readonly (readonly [string, Json])[], atTheTop: Json): Check {
  const ajv: AjvType = new Ajv2019({ strict: false, allErrors: true, logger: false });
  ajvFormats.default(ajv);
  for (const [file, document] of documents) ajv.addSchema(document, file);
  const compiled = new Map<string, ValidateFunction>();
  return (file, schema, value, what) => {
    const key = `${file} ${JSON.stringify(schema)}`;
    const validate = compiled.get(key) ?? ajv.compile(absolute({ allOf: [schema], ...atTheTop }, file) as object);
    compiled.set(key, validate);
    if (validate(value)) return [];
    return (validate.errors ?? []).map(
      ({ instancePath, message, params }) => `${what}: ${instancePath} ${message ?? ''} ${JSON.stringify(params)}`,
    );
  };
}

function operationsOf(file: string, document: Json): Operation[] {
  const responsesOf = (responses: Json) =>
    Object.fromEntries(
      Object.entries(responses).map(([status, response]) => {
        const shared = (response as { $ref?: string }).$ref === '#/components/responses/default';
        const content = shared ? ((document.components as Json).responses as Json).default : response;
        return [status, schemaOf(content)];
      }),
    );
  return Object.entries(document.paths as Record<string, Json>).flatMap(([template, methods]) =>
    Object.entries(methods)
      .filter(([method]) => ['get', 'post', 'patch', 'delete'].includes(method))
      .map(([method, operation]) => ({
        file,
        method: method.toUpperCase(),
        pattern: new RegExp(`^${template.replace(/\{\w+\}/g, '[A-Za-z0-9-]+')}$`),
        name: (operation as { operationId: string }).operationId,
        request: schemaOf((operation as Json).requestBody),
        responses: responsesOf((operation as { responses: Json }).responses),
      })),
  );
}

function schemaOf(holder: unknown): unknown {
  const content = (holder as { content?: Record<string, { schema?: unknown }> } | undefined)?.content;
  return content?.['application/json']?.schema;
}

/** Forbids, wherever an object stands as a property or an element, what its schema does not name. */
function close(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(close);
  if (typeof schema !== 'object' || schema === null) return schema;
  const shut = (sub: unknown): unknown => {
    const inner = close(sub) as Json;
    const left = ['additionalProperties', 'type'].some((key) =>
      key === 'additionalProperties' ? key in inner : inner[key] !== undefined && inner[key] !== 'object',
    );
    return left ? inner : { ...inner, unevaluatedProperties: false };
  };
  return Object.fromEntries(
    Object.entries(schema).map(([key, value]) => {
      if (key === 'properties')
        return [key, Object.fromEntries(Object.entries(value as Json).map(([name, sub]) => [name, shut(sub)]))];
      if (key === 'items') return [key, shut(value)];
      if (key === 'example' || key === 'examples' || key === 'enum') return [key, value];
      return [key, close(value)];
    }),
  );
}

function absolute(schema: unknown, file: string): unknown {
  if (Array.isArray(schema)) return schema.map((one) => absolute(one, file));
  if (typeof schema !== 'object' || schema === null) return schema;
  const { $ref, ...rest } = schema as { $ref?: string };
  const others = Object.entries(rest).map(([key, value]) => [key, absolute(value, file)] as const);
  return {
    ...($ref === undefined ? {} : { $ref: $ref.startsWith('#') ? file + $ref : $ref }),
    ...Object.fromEntries(others),
  };
}

function hasProblemFields(body: unknown): boolean {
  return typeof body === 'object' && body !== null && ['name', 'message', 'debug_id'].every((field) => field in body);
}
