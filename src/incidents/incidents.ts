import { col, fn, Op } from 'sequelize';
import { select, type Tx } from '../db/index.ts';
import { Conflict, NotFound } from '../kit/errors.ts';
import { newId } from '../kit/ids.ts';
import { Incident } from './incident.model.ts';

export type { Incident } from './incident.model.ts';

/** What can go wrong in a way that only a person can judge. `docs/payments.md` says what to do with each. */
export const incidentKinds = [
  'capture_mismatch',
  'late_payment',
  'duplicate_payment',
  'refund_failed',
  'refund_unmatched',
  'payment_unresolved',
  'refund_unresolved',
  'webhook_unhandled',
  'dispute_opened',
  'dispute_reversed',
  'gateway_difference',
  'books_difference',
] as const;
export type IncidentKind = (typeof incidentKinds)[number];

export interface NewIncident {
  kind: IncidentKind;
  subjectType: 'order' | 'payment' | 'refund' | 'webhook' | 'dispute' | 'user' | 'books';
  subjectId: string;
  /** One sentence for staff: what happened. */
  summary: string;
  /** Ours and the other side's, where two sides differ: an amount with its currency, or a state. */
  expected?: string | null;
  found?: string | null;
  details?: object | null;
  /** Tells two incidents of one kind about one subject apart; default: there is one. */
  aspect?: string;
  now: Date;
}

/**
 * Puts something before staff, once: the same thing seen again counts up and, had it been resolved, opens again. In a
 * transaction it stands or falls with it.
 */
export async function reportIncident(tx: Tx, incident: NewIncident): Promise<void> {
  const { kind, subjectType, subjectId, summary, expected = null, found = null, details = null, now } = incident;
  const key = [kind, subjectType, subjectId, incident.aspect ?? ''].join(':');
  await select(
    tx,
    `INSERT INTO incidents (id, key, kind, subject_type, subject_id, summary, expected, found, details,
       first_seen_at, last_seen_at)
     VALUES (:id, :key, :kind, :subjectType, :subjectId, :summary, :expected, :found, :details::jsonb, :now, :now)
     ON CONFLICT (key) DO UPDATE SET status = 'open', resolved_at = NULL, resolved_by = NULL, resolution = NULL,
       occurrences = incidents.occurrences + 1, last_seen_at = excluded.last_seen_at, summary = excluded.summary,
       expected = excluded.expected, found = excluded.found, details = excluded.details`,
    {
      id: newId(),
      key,
      kind,
      subjectType,
      subjectId,
      summary,
      expected,
      found,
      details: details === null ? null : JSON.stringify(details),
      now,
    },
  );
}

/**
 * Closes an incident that settled itself, e.g. when both sides agree again.
 * @param settled.aspects only these of the subject; default: all. → how many were open
 */
export async function settleIncidents(
  tx: Tx,
  settled: {
    kinds: readonly IncidentKind[];
    subjectId: string;
    aspects?: readonly string[];
    resolution: string;
    now: Date;
  },
): Promise<number> {
  const { kinds, subjectId, aspects, resolution, now } = settled;
  const ofAspects = aspects && { key: { [Op.or]: aspects.map((aspect) => ({ [Op.endsWith]: `:${aspect}` })) } };
  const [closed] = await Incident.update(
    { status: 'resolved', resolvedAt: now, resolution },
    { where: { kind: [...kinds], subjectId, status: 'open', ...ofAspects }, transaction: tx },
  );
  return closed;
}

/** What there are open incidents of this kind about, the longest unseen first. */
export async function openSubjects(kind: IncidentKind, limit: number): Promise<string[]> {
  const rows = await Incident.findAll({
    attributes: ['subjectId'],
    where: { kind, status: 'open' },
    group: ['subjectId'],
    order: [[fn('min', col('last_seen_at')), 'ASC']],
    limit,
  });
  return rows.map(({ subjectId }) => subjectId);
}

export async function findIncident(id: string): Promise<Incident | null> {
  return Incident.findByPk(id);
}

/** A person closes it, saying why. @throws NotFound, Conflict when it is closed */
export async function resolveIncident(
  tx: Tx,
  { id, staffId, resolution, now }: { id: string; staffId: string; resolution: string; now: Date },
): Promise<Incident> {
  const incident = await Incident.findByPk(id, { transaction: tx, lock: tx.LOCK.UPDATE });
  if (incident === null) throw new NotFound('There is no such incident.');
  if (incident.status === 'resolved') throw new Conflict('This incident is resolved already.');
  await incident.update({ status: 'resolved', resolvedAt: now, resolvedBy: staffId, resolution }, { transaction: tx });
  return incident;
}
