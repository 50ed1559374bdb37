import { onlyRow, select, type Tx } from '../db/index.ts';

/** An entry of the audit log that is not as it was sealed, or a gap where entries are gone. */
export interface BrokenLink {
  /** The entry's id; of a gap, that of the entry behind it, or `end` at the end of the log. */
  subject: string;
  /** `inserted`: or changed and sealed anew. `unsealed`: it has no number, so it came in past the seal. */
  what: 'changed' | 'inserted' | 'unsealed' | 'missing';
  /** The number of the entry, or of the first and last that are missing; null: it has none. */
  first: number | null;
  last: number | null;
}

/** Where the chain ends: every entry up to this number is in its hash. */
export interface ChainHead {
  seq: number;
  hash: string;
}

/** Before the first entry; where the head was taken away, every entry stands behind it. */
const noHead: ChainHead = { seq: 0, hash: '0'.repeat(64) };

/** Some of them: a log that was overwritten is one fault. */
const reported = 100;

/**
 * Reads the whole chain. An entry was changed when its hash is not that of its columns, and put in when the entry behind
 * it was sealed upon another; where numbers are missing, entries were taken out. Somebody who can write to the database
 * as its owner can seal everything anew: the head that a proof told earlier tells them apart, where it was kept elsewhere.
 * → how many entries there are, what is wrong (at most 100), and the head
 */
export async function checkChain(
  tx: Tx,
): Promise<{ rows: number; broken: BrokenLink[]; total: number; head: ChainHead }> {
  const broken = await select<BrokenLink & { total: number }>(
    tx,
    `SELECT *, count(*) OVER () AS total FROM (${wrong}) w ORDER BY first NULLS LAST LIMIT ${reported}`,
  );
  const { rows } = onlyRow(await select<{ rows: number }>(tx, 'SELECT count(*) AS rows FROM audit_log'));
  const [head = noHead] = await select<ChainHead>(tx, 'SELECT seq, hash FROM audit_head');
  return {
    rows,
    broken: broken.map(({ subject, what, first, last }) => ({ subject, what, first, last })),
    total: broken[0]?.total ?? 0,
    head,
  };
}

const wrong = `
  WITH hashed AS MATERIALIZED (
    SELECT id, seq, prev_hash, hash, audit_hash(a) AS computed FROM audit_log a WHERE seq IS NOT NULL
  ),
  chain AS (
    SELECT id, seq, prev_hash, hash, computed,
      coalesce(lag(seq) OVER link, 0) AS last_seq, lag(id) OVER link AS last_id,
      coalesce(lag(hash) OVER link, repeat('0', 64)) AS last_hash,
      coalesce(lag(computed) OVER link, repeat('0', 64)) AS last_computed
    FROM hashed WINDOW link AS (ORDER BY seq)
  ),
  tail AS (SELECT id, seq, hash FROM hashed ORDER BY seq DESC LIMIT 1)
  SELECT id::text AS subject, 'changed' AS what, seq AS first, seq AS last FROM chain WHERE hash IS DISTINCT FROM computed
  UNION ALL
  SELECT id::text, 'missing', last_seq + 1, seq - 1 FROM chain WHERE seq > last_seq + 1
  UNION ALL
  -- The seal of the entry before fits, but it is not the one upon which this one was sealed.
  SELECT coalesce(last_id, id)::text, 'inserted', last_seq, last_seq FROM chain
  WHERE seq = last_seq + 1 AND prev_hash IS DISTINCT FROM last_hash AND last_hash = last_computed
  UNION ALL
  SELECT id::text, 'unsealed', NULL, NULL FROM audit_log WHERE seq IS NULL
  UNION ALL
  SELECT 'end', 'missing', coalesce(t.seq, 0) + 1, h.seq FROM audit_head h LEFT JOIN tail t ON true
  WHERE h.seq > coalesce(t.seq, 0)
  UNION ALL
  SELECT t.id::text, 'inserted', t.seq, t.seq FROM tail t LEFT JOIN audit_head h ON true
  WHERE h.seq IS NULL OR t.seq > h.seq OR t.seq = h.seq AND t.hash <> h.hash`;
