import { col, fn, Op } from 'sequelize';
import { select, type Tx } from '../db/index.ts';
import { Conflict, NotFound } from '../kit/errors.ts';
import { newId } from '../kit/ids.ts';
import type { Money } from '../kit/money.ts';
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
  subjectType: 'order' | 'payment' | 'refund' | 'transaction' | 'webhook' | 'dispute' | 'user' | 'books';
  subjectId: string;
  /** One sentence for staff: what happened. */
  summary: string;
  /** Ours and the other side's, where two sides differ: an amount with its currency, or a state. */
  expected?: string | null;
  found?: string | null;
  /** How much money it is about, where it is about money. */
  amount?: Money | null;
  details?: object | null;
  /** Tells two incidents of one kind about one subject apart; default: there is one. */
  aspect?: string;
  /** For a fact that does not change: what a person has judged once is not put before them again. */
  once?: boolean;
  now: Date;
}

/**
 * Puts something before staff, once: the same thing seen again counts up and, had it been resolved, opens again. In a
 * transaction it stands or falls with it. → whether it is open now: what was judged, and is said `once`, stays closed
 */
export async function reportIncident(tx: Tx, incident: NewIncident): Promise<boolean> {
  const { kind, subjectType, subjectId, summary, expected = null, found = null, details = null, now } = incident;
  const { aspect = '', amount = null, once = false } = incident;
  const reported = await select(
    tx,
    `INSERT INTO incidents (id, key, kind, subject_type, subject_id, summary, expected, found, amount_minor, currency,
       details, first_seen_at, last_seen_at)
     VALUES (:id, :key, :kind, :subjectType, :subjectId, :summary, :expected, :found, :amountMinor, :currency,
       :details::jsonb, :now, :now)
     ON CONFLICT (key) DO UPDATE SET status = 'open', resolved_at = NULL, resolved_by = NULL, resolution = NULL,
       occurrences = incidents.occurrences + 1, last_seen_at = excluded.last_seen_at, summary = excluded.summary,
       expected = excluded.expected, found = excluded.found, amount_minor = excluded.amount_minor,
       currency = excluded.currency, details = excluded.details
     WHERE NOT (:once AND incidents.resolved_by IS NOT NULL)
     RETURNING id`,
    {
      id: newId(),
      key: [kind, subjectType, subjectId, aspect].join(':'),
      kind,
      subjectType,
      subjectId,
      summary,
      expected,
      found,
      amountMinor: amount?.amountMinor ?? null,
      currency: amount?.currency ?? null,
      details: details === null ? null : JSON.stringify(details),
      once,
      now,
    },
  );
  return reported.length > 0;
}

/**
 * Closes incidents that settled themselves, e.g. when both sides agree again.
 * @param settled.subjectId one or several. `aspects`: only these of them; default: all. → how many were open
 */
export async function settleIncidents(
  tx: Tx,
  settled: {
    kinds: readonly IncidentKind[];
    subjectId: string | readonly string[];
    aspects?: readonly string[];
    resolution: string;
    now: Date;
  },
): Promise<number> {
  const { kinds, subjectId, aspects, resolution, now } = settled;
  const [closed] = await Incident.update(
    { status: 'resolved', resolvedAt: now, resolution },
    {
      where: { kind: [...kinds], subjectId: [subjectId].flat(), status: 'open', ...ofAspects(aspects) },
      transaction: tx,
    },
  );
  return closed;
}

function ofAspects(aspects: readonly string[] | undefined) {
  return aspects && { key: { [Op.or]: aspects.map((aspect) => ({ [Op.endsWith]: `:${aspect}` })) } };
}

/** What there are open incidents of this kind about, the longest unseen first. */
export async function openSubjects(
  about: { kind: IncidentKind; subjectType: NewIncident['subjectType']; aspects?: readonly string[] },
  limit: number,
): Promise<string[]> {
  const { kind, subjectType, aspects } = about;
  const rows = await Incident.findAll({
    attributes: ['subjectId'],
    where: { kind, subjectType, status: 'open', ...ofAspects(aspects) },
    group: ['subjectId'],
    order: [[fn('min', col('last_seen_at')), 'ASC']],
    limit,
  });
  return rows.map(({ subjectId }) => subjectId);
}

export async function findIncident(id: string): Promise<Incident | null> {
  return Incident.findByPk(id);
}

/** What is known of these subjects already, of any kind, closed ones too. */
export async function incidentsAbout(
  subjectTypes: readonly NewIncident['subjectType'][],
  subjectIds: readonly string[],
): Promise<Incident[]> {
  return Incident.findAll({ where: { subjectType: [...subjectTypes], subjectId: { [Op.in]: subjectIds } } });
}

/** Tells incidents of one kind about one subject apart; empty where there is one only. */
export function aspectOf({ key, kind, subjectType, subjectId }: Incident): string {
  return key.slice([kind, subjectType, subjectId, ''].join(':').length);
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
