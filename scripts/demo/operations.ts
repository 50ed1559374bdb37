import type { Demo } from './demo.ts';

/** Mails, job runs and incidents of the last months. What staff did goes through the audit log's own function. */
export function operations({ now }: Demo): string[] {
  return [
    `INSERT INTO emails (id, user_id, template, locale, to_address, data, dedupe_key, status, attempts, subject,
       created_at, sent_at)
     SELECT pg_temp.id(created_at, 'welcome', n), user_id, 'welcome', locale, email,
       jsonb_build_object('customerName', name), 'welcome:' || user_id, 'sent', 1,
       CASE locale WHEN 'zh-CN' THEN '欢迎' ELSE 'Welcome' END, created_at, created_at + interval '4 seconds'
     FROM demo_people ORDER BY n`,
    `INSERT INTO emails (id, user_id, template, locale, to_address, data, dedupe_key, status, attempts, subject, error,
       created_at, sent_at)
     SELECT pg_temp.id(paid_at, 'receipt', o), o.user_id, 'receipt', locale, email, jsonb_build_object(
         'customerName', name, 'orderNo', order_no, 'paidAt', pg_temp.iso(paid_at),
         'item', CASE WHEN pack_id IS NULL THEN jsonb_build_object('kind', 'plan', 'planCode', snapshot -> 'planCode',
             'name', snapshot -> 'names', 'subscriptionType', type, 'creditsMonthly', snapshot -> 'creditsMonthly')
           ELSE jsonb_build_object('kind', 'pack', 'packCode', snapshot -> 'packCode', 'name', snapshot -> 'names',
             'credits', snapshot -> 'credits') END,
         'total', jsonb_build_object('amountMinor', amount_minor, 'currency', currency),
         'period', CASE WHEN pack_id IS NULL THEN
           jsonb_build_object('start', pg_temp.iso(period_start), 'end', pg_temp.iso(period_end)) END,
         'creditsExpireAt', pg_temp.iso(paid_at + make_interval(days => (snapshot ->> 'validityDays')::int))),
       'receipt:' || o.id, CASE WHEN lost THEN 'failed' ELSE 'sent' END, CASE WHEN lost THEN 12 ELSE 1 END,
       CASE locale WHEN 'zh-CN' THEN '付款收据 ' ELSE 'Receipt for ' END || order_no,
       CASE WHEN lost THEN '550 5.1.1 no such mailbox' END, paid_at,
       CASE WHEN NOT lost THEN paid_at + interval '3 seconds' END
     FROM demo_orders o JOIN demo_people p USING (n), LATERAL (
       SELECT o.created_at + took AS paid_at, pg_temp.share(o, 70) < 0.002 AS lost) t
     WHERE outcome = 'paid' ORDER BY o`,
    `INSERT INTO job_runs (id, job, scheduled_for, started_at, finished_at, counts, error)
     SELECT pg_temp.id(at, job, extract(epoch FROM at)::bigint), job, at, at + interval '200 milliseconds',
       at + interval '1 second' * (1 + 20 * share), CASE WHEN share >= 0.01 THEN jsonb_build_object('done',
         floor(share * 1000)::int) END, CASE WHEN share < 0.01 THEN 'Connection terminated unexpectedly' END
     FROM (VALUES ('check-books', interval '1 day'), ('reconcile', interval '1 day'), ('clean-up', interval '1 day'),
         ('follow-up-disputes', interval '1 day'), ('send-renewal-reminders', interval '1 hour')) j (job, every)
     CROSS JOIN LATERAL generate_series(date_trunc('day', ${now} - interval '30 days'), ${now} - every, every) at
     CROSS JOIN LATERAL (SELECT pg_temp.share(extract(epoch FROM at)::bigint, length(job)) AS share) s`,
    `INSERT INTO incidents (id, key, kind, subject_type, subject_id, summary, expected, found, amount_minor, currency,
       status, occurrences, first_seen_at, last_seen_at, resolved_at, resolution)
     SELECT pg_temp.id(seen_at, 'incident', o), what || ':order:' || id || ':demo', what, 'order', id::text,
       'The gateway says something else than our books about order ' || order_no || '.',
       amount_minor || ' ' || currency, amount_minor - 100 || ' ' || currency, 100, currency,
       CASE WHEN open THEN 'open' ELSE 'resolved' END, (1 + o % 5)::int, seen_at, seen_at + interval '1 hour',
       CASE WHEN NOT open THEN seen_at + interval '1 day' END, CASE WHEN NOT open THEN 'Both sides agree again.' END
     FROM demo_orders, LATERAL (SELECT created_at + took AS seen_at, pg_temp.share(o, 71) < 0.0005 AS open,
       pg_temp.pick('{gateway_difference,capture_mismatch,late_payment,payment_unresolved}', pg_temp.share(o, 72)) AS what
     ) t
     WHERE outcome = 'paid' AND pg_temp.share(o, 71) < 0.002 AND seen_at < ${now} - interval '2 days'`,
  ];
}
