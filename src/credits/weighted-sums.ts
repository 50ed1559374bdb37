/*
 * The books are compared without sorting or grouping anything: each row counts with a weight that stands for its grant,
 * its user or its hold, drawn anew for every proof, and if each of these adds up, so do the weighted sums over all of
 * them. A row that is wrong changes a sum; that it does not, or that several which are wrong cancel out, happens once in
 * 2^29 proofs, and hardly in the next one too. So one pass over the ledger is enough while all is well, in no memory.
 * See record 32.
 */

/** Two weights of about 2^29 can be taken from one hash. They leave room for rows of up to 4,000 million credits. */
const [low, high] = ['& 536870911', '>> 34'];
const owner = (bits: string, salt = 1) => `(uuid_hash_extended(user_id, :seed + ${salt}) ${bits})`;
const grant = (bits: string, { id = 'grant_id', salt = 2 } = {}) =>
  `(uuid_hash_extended(${id}, uuid_hash_extended(user_id, :seed + ${salt})) ${bits})`;
const given = 3;
const hold = (bits: string, id = 'id') => grant(bits, { id, salt: 4 });

/** Where an entry ends and the next one begins: the balance and the number of the entry. */
const node = (balance: string, seq: string) => `(hashint8extended(${balance}, ${seq}) >> 34)`;
const step = `${node('balance_after', ':seed + seq')} - ${node('balance_after - t.amount', ':seedBefore + seq')}`;
const heldByCallers = `CASE
  WHEN source <> 'api' THEN 0
  WHEN type = 'hold' THEN -t.amount * ${hold(high)} ELSE t.amount * ${hold(low, 'reference::uuid')} END`;

/** What they answer: how many rows they read, a sum as text, and maybe how many rows are wrong by themselves. */
export const passes = {
  /**
   * What an entry moves counts for its grant, what it sets apart too, and what it gives once more; where it begins counts
   * against where the entry before it ended, so that all but the two ends of a customer's chain cancels out; what it
   * spends counts for the customer, and what it holds for the hold. 'spend' comes first because nearly all are.
   */
  entries: `
    SELECT count(*) AS rows, sum(CASE
      WHEN type = 'spend' THEN amount * ${grant(high)} + ${owner(high)} * (${step} + amount)
      WHEN type IN ('hold', 'release') THEN -amount * ${grant(low)} + ${owner(high)} * (${step}) + ${heldByCallers}
      WHEN amount > 0 THEN amount * (${grant(high)} + ${grant(low, { salt: given })}) + ${owner(high)} * (${step})
      ELSE amount * ${grant(high)} + ${owner(high)} * (${step}) END)::text AS sum
    FROM credit_transactions t`,
  /** The few entries that several grants paid. The pass above does not count them, as they have no one grant. */
  parts: `
    SELECT 0 AS rows, count(*) FILTER (WHERE p.amount <> t.amount) AS wrong, sum(
      p.sum + ${owner(high)} * (${step} + CASE WHEN type = 'spend' THEN t.amount ELSE 0 END)
      + CASE WHEN type IN ('hold', 'release') THEN ${heldByCallers} ELSE 0 END)::text AS sum
    FROM credit_transactions t, LATERAL (
      SELECT coalesce(sum(part), 0) AS amount, coalesce(sum(
        CASE WHEN type IN ('hold', 'release') THEN -part * ${grant(low)} ELSE part * ${grant(high)} END), 0) AS sum
      FROM (
        SELECT (part ->> 'grant')::uuid AS grant_id, sign(t.amount)::bigint * (part ->> 'amount')::bigint AS part
        FROM jsonb_array_elements(t.drawn) part
      ) p
    ) p
    WHERE t.drawn IS NOT NULL`,
  /** What archived entries came to. */
  carried: `
    SELECT 0 AS rows, sum(amount * ${grant(high)}
      + CASE WHEN amount > 0 THEN amount * ${grant(low, { salt: given })} ELSE 0 END
      + CASE WHEN type = 'spend' THEN amount * ${owner(high)} ELSE 0 END)::text AS sum
    FROM credit_carried_parts`,
  grants: `
    SELECT count(*) AS rows, sum(remaining * ${grant(high, { id: 'id' })}
        + CASE WHEN held > 0 THEN held * ${grant(low, { id: 'id' })} ELSE 0 END
        + amount * ${grant(low, { id: 'id', salt: given })})::text AS sum,
      sum(remaining * ${owner(high)} + amount * ${owner(low)}
        + CASE WHEN held > 0 THEN held * ${owner(low, given)} ELSE 0 END)::text AS owners
    FROM credit_grants`,
  balances: `
    SELECT count(*) AS rows, sum(${owner(high)} * (${node('available', ':seed + entries')} - total_used
        - ${node('coalesce(c.balance_after, 0)', ':seed + coalesce(c.through_seq, 0)')}))::text AS sum,
      sum((available + held) * ${owner(high)} + total_earned * ${owner(low)}
        + CASE WHEN held > 0 THEN held * ${owner(low, given)} ELSE 0 END)::text AS owners,
      count(*) FILTER (WHERE quota_used > total_used) AS wrong
    FROM credit_balances LEFT JOIN credit_carried c USING (user_id)`,
  holds: `
    SELECT count(*) AS rows, sum(amount * CASE WHEN status = 'open' THEN ${hold(high)}
      ELSE ${hold(high)} + ${hold(low)} END)::text AS sum
    FROM credit_holds WHERE NOT archived`,
} as const;

export type PassName = keyof typeof passes;
