import type { Demo } from './demo.ts';

/**
 * Who registers: ever more a month. Most only look, some stay on the free plan for a while, some buy packs, and one in
 * eight subscribes. Each of the other files makes of these rows what such a customer leaves behind.
 */
export function customers({ users, from, now }: Demo): string[] {
  return [
    `CREATE TEMPORARY TABLE demo_people AS
     SELECT n, created_at, pg_temp.id(created_at, 'user', n) AS user_id,
       first || ' ' || last AS name, lower(first || '.' || last) || '.' || n || '@' || host AS email,
       CASE WHEN pg_temp.share(n, 4) < 0.3 THEN 'zh-CN' ELSE 'en' END AS locale,
       CASE WHEN kind < 0.125 THEN 'subscriber' WHEN kind < 0.2 THEN 'packs' WHEN kind < 0.4 THEN 'free' ELSE 'guest' END
         AS kind,
       -- Few use much, most use little.
       -ln(1 - pg_temp.share(n, 6)) AS activity
     FROM (
       SELECT n::bigint, pg_temp.share(n, 1) AS kind,
         date_trunc('milliseconds', ${from} + (${now} - ${from}) * power((n - pg_temp.share(n, 2)) / ${users}, 0.55))
           AS created_at,
         pg_temp.pick('{Ada,Ben,Chen,Dana,Emil,Fatima,Grace,Hiro,Ines,Jun,Kofi,Lena,Mei,Noor,Omar,Pia,Ravi,Sara,Tom,Wei}',
           pg_temp.share(n, 7)) AS first,
         pg_temp.pick('{Adler,Brown,Costa,Diaz,Evans,Fischer,Garcia,Huang,Ito,Jensen,Khan,Li,Moreau,Nowak,Okafor,Park,
           Rossi,Silva,Tanaka,Wang,Xu,Young,Zhao}', pg_temp.share(n, 8)) AS last,
         pg_temp.pick('{example.com,example.net,example.org}', pg_temp.share(n, 9)) AS host
       FROM generate_series(1, ${users}) n
     ) p`,
    'ALTER TABLE demo_people ADD PRIMARY KEY (n)',
    'ANALYZE demo_people',
    `INSERT INTO users (id, email, name, locale, status, email_verified_at, last_login_at, login_count, created_at,
       updated_at)
     SELECT user_id, email, name, locale, CASE WHEN pg_temp.share(n, 10) < 0.003 THEN 'suspended' ELSE 'active' END,
       CASE WHEN pg_temp.share(n, 11) < 0.85 THEN created_at + interval '7 minutes' END, seen, logins, created_at,
       greatest(created_at, seen)
     FROM demo_people, LATERAL (
       SELECT (1 + floor(activity * 20))::int AS logins,
         date_trunc('milliseconds', created_at + (${now} - created_at) * pg_temp.share(n, 12)) AS seen
     ) s`,
  ];
}
