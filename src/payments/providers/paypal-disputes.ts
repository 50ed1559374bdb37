import { z } from 'zod';
import type { ProviderDispute } from '../provider.ts';
import { known, readMoney, unreadable } from './paypal-answers.ts';
import type { PaypalClient } from './paypal-client.ts';

/*
 * PayPal's disputes, which the SDK has no controller for. Only what we read.
 * Source: developer.paypal.com/docs/api/customer-disputes/v1
 */
const money = z.object({ currency_code: z.string(), value: z.string() });
const time = z.iso.datetime({ offset: true }).transform((text) => new Date(text));
const disputeShape = z.object({
  dispute_id: z.string().min(1).max(255),
  create_time: time,
  update_time: time.optional(),
  status: z.string(),
  reason: z.string().optional(),
  dispute_amount: money,
  dispute_outcome: z.object({ outcome_code: z.string().optional(), amount_refunded: money.optional() }).optional(),
  disputed_transactions: z.array(z.object({ seller_transaction_id: z.string().optional() })).optional(),
  seller_response_due_date: time.optional(),
});
const pageShape = z.object({
  items: z.array(z.object({ dispute_id: z.string().min(1) })).default([]),
  links: z.array(z.object({ rel: z.string(), href: z.string() })).default([]),
});

const undecided: ReadonlySet<string> = new Set([
  'OPEN', 'WAITING_FOR_BUYER_RESPONSE', 'WAITING_FOR_SELLER_RESPONSE', 'UNDER_REVIEW', 'OTHER',
]); // prettier-ignore

const outcomes: Readonly<Record<string, ProviderDispute['status']>> = {
  RESOLVED_SELLER_FAVOUR: 'won',
  // PayPal pays the buyer out of its own pocket.
  RESOLVED_WITH_PAYOUT: 'won',
  CANCELED_BY_BUYER: 'won',
  DENIED: 'won',
  // Closed without a decision, because of another dispute about the same payment.
  NONE: 'won',
  RESOLVED_BUYER_FAVOUR: 'lost',
  ACCEPTED: 'lost',
};

/** @throws ProviderUnavailable when the answer cannot be trusted */
function readDispute(body: unknown): ProviderDispute {
  const parsed = disputeShape.safeParse(body);
  if (!parsed.success) throw unreadable('DISPUTE');
  const dispute = parsed.data;
  const { outcome_code: outcome, amount_refunded: refunded } = dispute.dispute_outcome ?? {};
  const disputed = readPaypalMoney(dispute.dispute_amount);
  const back = refunded === undefined ? null : readPaypalMoney(refunded);
  return {
    disputeId: dispute.dispute_id,
    status: undecided.has(dispute.status) ? 'open' : readDecision(dispute.status, outcome),
    reason: dispute.reason ?? null,
    outcome: outcome ?? null,
    ...disputed,
    refundedMinor: back?.currency === disputed.currency ? back.amountMinor : null,
    captureId: dispute.disputed_transactions?.[0]?.seller_transaction_id ?? null,
    openedAt: dispute.create_time,
    updatedAt: dispute.update_time ?? dispute.create_time,
    respondBy: dispute.seller_response_due_date ?? null,
  };
}

function readDecision(status: string, outcome: string | undefined): ProviderDispute['status'] {
  if (status !== 'RESOLVED') throw unreadable('DISPUTE_STATUS');
  return known(outcomes, outcome, 'DISPUTE_OUTCOME');
}

function readPaypalMoney({ currency_code: currencyCode, value }: z.infer<typeof money>) {
  return readMoney({ currencyCode, value });
}

export async function fetchDispute(client: PaypalClient, origin: string, disputeId: string): Promise<ProviderDispute> {
  return readDispute(
    await client.get('fetch dispute', `${origin}/v1/customer/disputes/${encodeURIComponent(disputeId)}`),
  );
}

/** More pages than this are no list of disputes but a mistake. */
const maxPages = 40;
const pageSize = 50;

export async function listDisputes(client: PaypalClient, origin: string, updatedSince: Date): Promise<string[]> {
  const ids: string[] = [];
  let token: string | null = null;
  for (let page = 0; page < maxPages; page += 1) {
    const query = new URLSearchParams({ update_time_after: updatedSince.toISOString(), page_size: String(pageSize) });
    if (token !== null) query.set('next_page_token', token);
    const answer = await client.get('list disputes', `${origin}/v1/customer/disputes?${query.toString()}`);
    const parsed = pageShape.safeParse(answer);
    if (!parsed.success) throw unreadable('DISPUTE_LIST');
    ids.push(...parsed.data.items.map(({ dispute_id: id }) => id));
    token = nextToken(parsed.data.links);
    if (token === null) return ids;
  }
  throw unreadable('DISPUTE_LIST_END');
}

/** PayPal links to the next page by its own address; only the token is taken from it. */
function nextToken(links: readonly { rel: string; href: string }[]): string | null {
  const href = links.find(({ rel }) => rel === 'next')?.href;
  return href === undefined || !URL.canParse(href) ? null : new URL(href).searchParams.get('next_page_token');
}
