import { Op } from 'sequelize';
import type { Tx } from '../db/index.ts';
import { NotFound } from '../kit/errors.ts';
import { newId } from '../kit/ids.ts';
import { dueForFollowUp } from './follow-up-due.ts';
import { ProviderEventRow } from './provider-event.model.ts';
import type { ProviderEvent } from './provider.ts';

export type { ProviderEventRow } from './provider-event.model.ts';

/** Puts a verified event into the inbox. → its row, or null when it is there already */
export async function storeEvent(
  tx: Tx,
  event: Pick<ProviderEvent, 'eventId' | 'type' | 'kind'>,
  receipt: { provider: string; bodySealed: string; headers: Record<string, string>; now: Date },
): Promise<ProviderEventRow | null> {
  const id = newId();
  const { now, ...rest } = receipt;
  const { eventId, type, kind } = event;
  await ProviderEventRow.bulkCreate([{ id, eventId, type, kind, ...rest, receivedAt: now }], {
    ignoreDuplicates: true,
    transaction: tx,
  });
  return ProviderEventRow.findByPk(id, { transaction: tx });
}

export async function findEvent(id: string): Promise<ProviderEventRow | null> {
  return ProviderEventRow.findByPk(id);
}

export async function countAttempt(event: ProviderEventRow, now: Date): Promise<void> {
  await event.increment('attempts');
  await event.reload();
  await event.update({ checkedAt: now });
}

/** `outcome` says what came of it, in words for staff. */
export async function markHandled(event: ProviderEventRow, outcome: string, now: Date): Promise<void> {
  await event.update({ handledAt: now, outcome, error: null });
}

export async function markFailed(event: ProviderEventRow, error: string): Promise<void> {
  await event.update({ error });
}

/** Makes an event one that nobody has handled. → what was known of its handling. @throws NotFound */
export async function reopenEvent(
  tx: Tx,
  id: string,
): Promise<Pick<ProviderEventRow, 'handledAt' | 'outcome' | 'attempts' | 'error'>> {
  const event = await ProviderEventRow.findByPk(id, { transaction: tx, lock: tx.LOCK.UPDATE });
  if (event === null) throw new NotFound('There is no such webhook.');
  const { handledAt, outcome, attempts, error } = event;
  await event.update({ handledAt: null, outcome: null, error: null }, { transaction: tx });
  return { handledAt, outcome, attempts, error };
}

/** Events that nobody finished, least recently tried first, a bounded batch. */
export async function unhandledEvents(now: Date, limit: number): Promise<string[]> {
  const rows = await ProviderEventRow.findAll({
    attributes: ['id'],
    where: { handledAt: null, [Op.and]: dueForFollowUp(now, 'received_at') },
    order: [
      ['checkedAt', 'ASC NULLS FIRST'],
      ['receivedAt', 'ASC'],
    ],
    limit,
  });
  return rows.map((row) => row.id);
}
