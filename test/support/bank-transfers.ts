import type { StaffActor } from '../../src/accounts/staff.ts';
import { confirmBankTransfer, type ConfirmedTransfer } from '../../src/billing/confirm-bank-transfer.ts';
import { recordBankTransfer } from '../../src/billing/record-bank-transfer.ts';
import { newId } from '../../src/kit/ids.ts';
import type { Money } from '../../src/kit/money.ts';
import type { Client, Json, TestApp } from './app.ts';

/** A row of `bank_transfers`, as the database has it. */
export interface TransferRow extends Json {
  id: string;
  status: string;
  direction: string;
  amount_minor: number;
}

export async function transfersOf(app: Pick<TestApp, 'db'>, order: Json): Promise<TransferRow[]> {
  const sql = 'SELECT * FROM bank_transfers WHERE order_id = $1 ORDER BY id';
  return (await app.db.pool.query<TransferRow>(sql, [order.order_id])).rows;
}

/** → the order, as the API answers, with the transfer that it waits for */
export async function orderByTransfer(customer: Client, what: Json): Promise<Json & { transfer: TransferRow }> {
  const { status, body } = await customer.post('/payments/create-order', { ...what, provider: 'manual' });
  if (status !== 201) throw new Error(`create-order answered ${JSON.stringify(body)}`);
  const [transfer] = await transfersOf(customer.app, body);
  if (transfer === undefined) throw new Error('there is no transfer');
  return { ...body, transfer };
}

/** The statement shows it today, under a reference of its own; of an incoming one, the amount. */
export async function recordTransfer(
  { services, clock }: Pick<TestApp, 'services' | 'clock'>,
  transferId: string,
  staff: StaffActor,
  received?: Money,
): Promise<void> {
  const [bankReference, bankDate] = [newId(), clock.now().toISOString().slice(0, 10)];
  await recordBankTransfer(services, {
    transferId,
    bankReference,
    bankDate,
    received,
    reason: 'on the statement',
    staff,
  });
}

export function confirmTransfer(
  { services }: Pick<TestApp, 'services'>,
  transferId: string,
  staff: StaffActor,
): Promise<ConfirmedTransfer> {
  return confirmBankTransfer(services, { transferId, reason: 'seen it too', staff });
}
