/**
 * What each figure counts, by UTC day. `docs/metrics.md` says the same in words and in plain SQL, and
 * test/reports/metrics.test.ts holds one against the other.
 *
 * All but `active_users_30d` and `active_users` add up over days. What stands at an instant (subscriptions, recurring
 * revenue) is kept as what came and went on each day, and is the sum of all days before. Rows need `:from` and `:to`,
 * midnights in UTC.
 */

/** How long after its day a figure can still change: cohorts have 30 days to pay, and a day's last rows commit late. */
export const settledAfterDays = 36;

const paidWithin = { checkout: `interval '14 days'`, registration: `interval '30 days'` };

/** A plan that costs something, and that has run. One that was paid ahead and given up before its day never did. */
const ran = (alias: string) =>
  `${alias}.price_id IS NOT NULL AND ${alias}.status <> 'scheduled'
   AND (${alias}.ended_at IS NULL OR ${alias}.ended_at > ${alias}.start_date)`;

const dayOf = (column: string) => `(${column} AT TIME ZONE 'UTC')::date`;
const within = (column: string) => `${column} >= :from AND ${column} < :to`;

const money = `
  SELECT ${dayOf('completed_at')} AS day, 'revenue' AS metric, currency::text AS dimension, sum(amount_minor) AS value
  FROM payments WHERE status = 'completed' AND ${within('completed_at')} GROUP BY 1, 3
  UNION ALL
  SELECT ${dayOf('completed_at')}, 'refunds', currency::text, sum(amount_minor)
  FROM refunds WHERE status = 'completed' AND ${within('completed_at')} GROUP BY 1, 3`;

/** Recurring revenue is kept by the year, in whole minor units: a yearly price has no whole twelfth. */
const recurring = (column: string, metric: string) => `
  SELECT ${dayOf(`s.${column}`)}, '${metric}', p.currency::text,
    sum(p.amount_minor * CASE s.subscription_type WHEN 'monthly' THEN 12 ELSE 1 END)
  FROM subscriptions s JOIN plan_prices p ON p.id = s.price_id
  WHERE ${ran('s')} AND s.subscription_type <> 'lifetime' AND ${within(`s.${column}`)} GROUP BY 1, 3`;

/** Whoever changes plans has one that ran until the other began: they are neither new nor gone. */
const subscriptions = `
  SELECT ${dayOf('s.start_date')}, 'subscriptions_started', '', count(*)
  FROM subscriptions s WHERE ${ran('s')} AND ${within('s.start_date')} GROUP BY 1
  UNION ALL
  SELECT ${dayOf('s.ended_at')}, 'subscriptions_ended', '', count(*)
  FROM subscriptions s WHERE ${ran('s')} AND ${within('s.ended_at')} GROUP BY 1
  UNION ALL
  SELECT ${dayOf('s.start_date')}, 'new_subscriptions', '', count(*)
  FROM subscriptions s WHERE ${ran('s')} AND ${within('s.start_date')} AND NOT EXISTS (
    SELECT FROM subscriptions o WHERE o.user_id = s.user_id AND o.id <> s.id AND ${ran('o')}
      AND o.start_date < s.start_date AND (o.ended_at IS NULL OR o.ended_at >= s.start_date)
  ) GROUP BY 1
  UNION ALL
  SELECT ${dayOf('s.ended_at')}, 'churned_subscriptions', '', count(*)
  FROM subscriptions s WHERE ${ran('s')} AND ${within('s.ended_at')} AND NOT EXISTS (
    SELECT FROM subscriptions o WHERE o.user_id = s.user_id AND o.id <> s.id AND ${ran('o')}
      AND o.start_date <= s.ended_at AND (o.ended_at IS NULL OR o.ended_at > s.ended_at)
  ) GROUP BY 1
  UNION ALL ${recurring('start_date', 'arr_started')}
  UNION ALL ${recurring('ended_at', 'arr_ended')}`;

/** Duplicates and outdated changes are given up by us; no gateway refused them. */
const payments = `
  SELECT ${dayOf('created_at')}, 'payments_completed', currency::text, count(*)
  FROM payments WHERE status = 'completed' AND ${within('created_at')} GROUP BY 1, 3
  UNION ALL
  SELECT ${dayOf('created_at')}, 'payments_failed', coalesce(failure_code, 'UNKNOWN'), count(*)
  FROM payments WHERE ${within('created_at')} AND (status = 'failed'
    OR status <> 'completed' AND failure_code NOT IN ('DUPLICATE', 'PLAN_CHANGED')) GROUP BY 1, 3`;

const conversion = `
  SELECT ${dayOf('created_at')}, 'checkouts', '', count(*) FROM orders WHERE ${within('created_at')} GROUP BY 1
  UNION ALL
  SELECT ${dayOf('created_at')}, 'checkouts_paid', '', count(*) FROM orders
  WHERE ${within('created_at')} AND paid_at < created_at + ${paidWithin.checkout} GROUP BY 1
  UNION ALL
  SELECT ${dayOf('created_at')}, 'registrations', '', count(*) FROM users WHERE ${within('created_at')} GROUP BY 1
  UNION ALL
  SELECT ${dayOf('u.created_at')}, 'registrations_paid', '', count(*) FROM users u
  WHERE ${within('u.created_at')} AND EXISTS (
    SELECT FROM orders o WHERE o.user_id = u.id AND o.paid_at < u.created_at + ${paidWithin.registration}
  ) GROUP BY 1`;

/** Releases of holds are no grants, and holds no use: what a hold cost is a 'spend' of its own. */
const credits = `
  SELECT ${dayOf('created_at')}, CASE type
      WHEN 'spend' THEN 'credits_used' WHEN 'expire' THEN 'credits_expired' ELSE 'credits_granted'
    END, '', sum(abs(amount))
  FROM credit_transactions
  WHERE ${within('created_at')} AND (type IN ('earn', 'spend', 'expire') OR type = 'adjust' AND amount > 0) GROUP BY 1, 2
  UNION ALL
  SELECT ${dayOf('created_at')}, 'active_users', '', count(DISTINCT user_id)
  FROM credit_transactions WHERE type = 'spend' AND ${within('created_at')} GROUP BY 1`;

/** The figures of the days from `:from` to `:to`: rows of day, metric, dimension, value. */
export const figuresOfDays = [money, subscriptions, payments, conversion, credits].join('\n  UNION ALL');

/**
 * Who spent credits on a day or in the 29 before it. Each day on which a customer spent makes them active until 30 days
 * later, or until the next such day, which goes on from there: so these spans never overlap, and what begins less what
 * ends adds up to how many there are.
 */
export const monthlyActives = `
  WITH spent AS (
    SELECT DISTINCT user_id, ${dayOf('created_at')} AS day FROM credit_transactions
    WHERE type = 'spend' AND created_at >= :from::timestamptz - interval '29 days' AND created_at < :to
  ), spans AS (
    SELECT day AS since, least(day + 30, lead(day) OVER (PARTITION BY user_id ORDER BY day)) AS until FROM spent
  ), steps AS (
    SELECT since AS day, count(*) AS step FROM spans GROUP BY 1
    UNION ALL SELECT until, -count(*) FROM spans GROUP BY 1
    UNION ALL SELECT ${dayOf(':from::timestamptz')} + nth, 0
    FROM generate_series(0, ${dayOf(':to::timestamptz')} - ${dayOf(':from::timestamptz')} - 1) nth
  ), running AS (
    SELECT day, sum(sum(step)) OVER (ORDER BY day) AS value FROM steps GROUP BY day
  )
  SELECT day, 'active_users_30d' AS metric, '' AS dimension, value FROM running WHERE value > 0`;
