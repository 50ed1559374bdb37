import { z } from 'zod';
import type { ProviderEvent } from '../provider.ts';
import { lastSegment } from './paypal-answers.ts';

/** Only what we read; PayPal adds fields as it likes. */
const eventShape = z.object({
  id: z.string().min(1).max(255),
  event_type: z.string().min(1).max(255),
  resource: z
    .object({
      id: z.string().optional(),
      order_id: z.string().optional(),
      dispute_id: z.string().optional(),
      disputed_transactions: z.array(z.object({ seller_transaction_id: z.string().optional() })).optional(),
      supplementary_data: z
        .object({ related_ids: z.object({ order_id: z.string(), capture_id: z.string() }).partial().optional() })
        .optional(),
      links: z.array(z.object({ rel: z.string(), href: z.string() })).optional(),
    })
    .default({}),
});

type Resource = z.infer<typeof eventShape>['resource'];
type Ids = Pick<ProviderEvent, 'providerOrderId' | 'captureId' | 'refundId' | 'disputeId'>;

const nothing: Ids = { providerOrderId: null, captureId: null, refundId: null, disputeId: null };

/**
 * Which of our rows an event is about. An event type that we do not know is `unknown`, never an error.
 * @throws SyntaxError when it is not an event of PayPal's
 */
export function parsePaypalEvent(rawBody: Buffer): ProviderEvent {
  const parsed = eventShape.safeParse(JSON.parse(rawBody.toString('utf8')));
  if (!parsed.success) throw new SyntaxError('not a PayPal event');
  const { id: eventId, event_type: type, resource } = parsed.data;
  const kind = kindOf(type);
  return { eventId, type, kind, ...nothing, ...idsOf(kind, resource) };
}

function kindOf(type: string): ProviderEvent['kind'] {
  switch (type) {
    case 'CHECKOUT.ORDER.APPROVED':
      return 'order_approved';
    case 'CHECKOUT.PAYMENT-APPROVAL.REVERSED':
      return 'order_reversed';
    case 'PAYMENT.CAPTURE.COMPLETED':
    case 'PAYMENT.CAPTURE.PENDING':
    case 'PAYMENT.CAPTURE.DENIED':
    case 'PAYMENT.CAPTURE.DECLINED':
      return 'capture';
    // The resource of both is the refund, whatever their names say.
    case 'PAYMENT.CAPTURE.REFUNDED':
    case 'PAYMENT.CAPTURE.REVERSED':
    case 'PAYMENT.REFUND.PENDING':
    case 'PAYMENT.REFUND.FAILED':
      return 'refund';
    case 'CUSTOMER.DISPUTE.CREATED':
    case 'CUSTOMER.DISPUTE.UPDATED':
    case 'CUSTOMER.DISPUTE.RESOLVED':
      return 'dispute';
    default:
      return 'unknown';
  }
}

function idsOf(kind: ProviderEvent['kind'], resource: Resource): Partial<Ids> {
  const related = resource.supplementary_data?.related_ids;
  switch (kind) {
    case 'order_approved':
      return { providerOrderId: resource.id ?? null };
    case 'order_reversed':
      return { providerOrderId: resource.order_id ?? related?.order_id ?? resource.id ?? null };
    case 'capture':
      return {
        captureId: resource.id ?? null,
        providerOrderId: related?.order_id ?? lastSegment(resource.links, 'up', 'orders'),
      };
    case 'refund':
      return {
        refundId: resource.id ?? null,
        captureId: lastSegment(resource.links, 'up', 'captures') ?? related?.capture_id ?? null,
        providerOrderId: related?.order_id ?? null,
      };
    case 'dispute':
      return {
        disputeId: resource.dispute_id ?? null,
        captureId: resource.disputed_transactions?.[0]?.seller_transaction_id ?? null,
      };
    case 'unknown':
      return {};
  }
}
