import { activeStaff, type Staff, type StaffRole } from '../accounts/staff.ts';
import type { ApprovalLimits } from '../approvals/approvals.ts';
import { adjustedSince } from '../credits/queries.ts';
import type { Tx } from '../db/index.ts';
import { fromDecimal } from '../kit/money.ts';
import type { Order } from '../orders/orders.ts';
import { pendingMinor, type Refund } from '../payments/refunds.ts';
import type { Services } from './services.ts';

/** Who decides about money: the same as may refund and adjust. */
const approvers: readonly StaffRole[] = ['owner', 'finance'];

/** Those who may decide what this member of staff asks for. */
export async function approversFor(tx: Tx, staffId: string): Promise<Staff[]> {
  return (await activeStaff(approvers, tx)).filter(({ id }) => id !== staffId);
}

/**
 * Whether giving back `amountMinor` more of the order takes two people. What went back before counts: many small refunds
 * are one large one.
 */
export function refundNeedsApproval(
  { refundAbove }: ApprovalLimits,
  { currency, refundedMinor }: Pick<Order, 'currency' | 'refundedMinor'>,
  refunds: readonly Refund[],
  amountMinor: number,
): boolean {
  if (refundAbove === null) return false;
  const limit = refundAbove[currency];
  return limit === undefined || refundedMinor + pendingMinor(refunds) + amountMinor > fromDecimal(limit, currency);
}

const dayMs = 24 * 3600 * 1000;

/**
 * How many credits one person may still give or take of this customer; null: any number. What was adjusted in the last
 * 24 hours counts.
 */
export async function adjustableAlone(
  { clock, settings }: Pick<Services, 'clock' | 'settings'>,
  tx: Tx,
  userId: string,
): Promise<number | null> {
  const { creditsAbove } = settings.approvals;
  if (creditsAbove === null) return null;
  const adjusted = await adjustedSince(tx, userId, new Date(clock.now().getTime() - dayMs));
  return Math.max(0, creditsAbove - adjusted);
}
