import type { StaffActor } from '../accounts/staff.ts';
import { recordAudit } from '../audit/audit.ts';
import { NotFound, ValidationFailed } from '../kit/errors.ts';
import { findPayment } from '../payments/payments.ts';
import { findRefund, type Refund } from '../payments/refunds.ts';
import { requestRefund } from './refund-order.ts';
import type { Services } from './services.ts';
import { settlePayment, type Settlement } from './settle-payment.ts';

interface Question {
  id: string;
  reason: string;
  staff: StaffActor;
}

/**
 * Staff ask what became of a payment, also one that the schedule has given up: it is settled by the answer.
 * @throws ValidationFailed without a reason, NotFound, GatewayUnavailable when the gateway does not tell
 */
export async function askAboutPayment(services: Services, question: Question): Promise<Settlement> {
  const payment = await findPayment(question.id);
  if (payment === null) throw new NotFound('There is no such payment.');
  await recordQuestion(services, 'payment', payment, question);
  return settlePayment(services, payment.id);
}

/**
 * Staff ask for a refund once more, under its own id or, when that is too old, by looking for it.
 * @returns the refund: still pending when the gateway does not tell
 * @throws ValidationFailed without a reason, NotFound
 */
export async function askAboutRefund(services: Services, question: Question): Promise<Refund> {
  const refund = await findRefund(question.id);
  if (refund === null) throw new NotFound('There is no such refund.');
  await recordQuestion(services, 'refund', refund, question);
  return requestRefund(services, refund);
}

async function recordQuestion(
  { db, clock }: Services,
  subjectType: 'payment' | 'refund',
  { id, status }: { id: string; status: string },
  { reason, staff }: Question,
): Promise<void> {
  const why = reason.trim();
  if (why === '') throw new ValidationFailed([{ path: 'reason', message: 'Say why.' }]);
  await db.transaction((tx) =>
    recordAudit(tx, {
      staffId: staff.staffId,
      actor: staff.name,
      address: staff.address,
      action: `${subjectType}.ask`,
      subjectType,
      subjectId: id,
      reason: why,
      before: { status },
      after: null,
      now: clock.now(),
    }),
  );
}
