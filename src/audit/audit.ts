import type { Tx } from '../db/index.ts';
import { newId } from '../kit/ids.ts';
import { AuditEntry } from './audit-entry.model.ts';

export interface AuditRecord {
  /** null: the system itself. */
  staffId: string | null;
  /** A name that stays readable when the staff row is gone. */
  actor: string;
  /** A verb and its object: `order.refund`. */
  action: string;
  subjectType: string;
  subjectId: string;
  reason?: string | null;
  before?: object | null;
  after?: object | null;
  address?: string | null;
  now: Date;
}

/** Appends to the audit log in the transaction of the change itself: neither is there without the other. */
export async function recordAudit(tx: Tx, record: AuditRecord): Promise<void> {
  const { now, reason = null, before = null, after = null, address = null, ...rest } = record;
  await AuditEntry.create(
    { id: newId(), ...rest, reason, before, after, address, createdAt: now },
    { transaction: tx },
  );
}
