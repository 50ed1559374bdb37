import { mkdtempSync, rmSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { startEmbeddedPostgres } from '../src/db/embedded.ts';
import { connectDatabase } from '../src/db/index.ts';
import { migrate } from '../src/db/migrate.ts';
import { measureConsume } from './parts/consume.ts';
import { measureGrowth } from './parts/growth.ts';
import { measureProof } from './parts/proof.ts';
import { measureReset } from './parts/reset.ts';
import { isMet, type Row } from './report.ts';

/**
 * `npm run bench [part …]`: each part has a database of its own on one server, which runs as Plantain starts its own: fsync
 * and synchronous_commit are on, as PostgreSQL ships. What was measured stands in RESULTS.md.
 */
const parts: Readonly<Record<string, (bench: { url: string; say: (line: string) => void }) => Promise<Row[]>>> = {
  consume: measureConsume,
  growth: measureGrowth,
  reset: measureReset,
  proof: measureProof,
};

async function main(wanted: string[]): Promise<void> {
  const unknown = wanted.filter((name) => !(name in parts));
  if (unknown.length > 0) throw new Error(`no part ${unknown.join(', ')}; there are ${Object.keys(parts).join(', ')}`);
  const dataDir = mkdtempSync(path.join(os.tmpdir(), 'plantain-bench-'));
  const postgres = await startEmbeddedPostgres({ dataDir });
  try {
    const { version } = await admin(postgres.url, 'SELECT version()');
    for (const name of wanted.length > 0 ? wanted : Object.keys(parts)) {
      const rows = await measure(postgres.url, name);
      const section = sectionOf(name, rows, String(version));
      console.log(section);
      await keep(name, section);
      if (!rows.every(isMet)) process.exitCode = 1;
    }
  } finally {
    await postgres.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

const results = new URL('RESULTS.md', import.meta.url);
const title = `# What the bench measured

Written by \`npm run bench\`. Server, database and load generator share one machine's processors; PostgreSQL runs as Plantain starts its own, fsync and synchronous_commit on, for all that is compared. Baselines run in turn with what is compared to them (A B A B …); figures are medians of the rounds.
`;

/** Puts a part's section in the place of its last one. */
async function keep(name: string, section: string): Promise<void> {
  const text = await readFile(results, 'utf8').catch(() => '');
  const sections = new Map(
    text
      .split(/^(?=## )/m)
      .slice(1)
      .map((one) => [/^## (\S+)/.exec(one)?.[1], one.trim()]),
  );
  sections.set(name, section.trim());
  const known = Object.keys(parts).flatMap((part) => sections.get(part) ?? []);
  await writeFile(results, [title.trim(), ...known, ''].join('\n\n'));
}

async function measure(serverUrl: string, name: string): Promise<Row[]> {
  await admin(serverUrl, `CREATE DATABASE bench_${name}`);
  const url = new URL(serverUrl);
  url.pathname = `/bench_${name}`;
  const db = connectDatabase({ url: url.href });
  try {
    await migrate(db);
  } finally {
    await db.close();
  }
  const say = (line: string) => {
    console.error(`${name}: ${line}`);
  };
  try {
    return (await parts[name]?.({ url: url.href, say })) ?? [];
  } finally {
    await admin(serverUrl, `DROP DATABASE bench_${name} WITH (FORCE)`);
  }
}

async function admin(url: string, sql: string): Promise<Record<string, unknown>> {
  const db = connectDatabase({ url });
  try {
    const { rows } = await db.pool.query<Record<string, unknown>>(sql);
    return rows[0] ?? {};
  } finally {
    await db.close();
  }
}

function sectionOf(name: string, rows: readonly Row[], postgres: string): string {
  const [cpu] = os.cpus();
  const memory = Math.round(os.totalmem() / 2 ** 30);
  return `## ${name}

${new Date().toISOString().slice(0, 10)}, Node ${process.version}, ${postgres.split(' on ')[0] ?? ''}, ${os.cpus().length} × ${cpu?.model ?? 'unknown processor'}, ${memory} GB

| what | measured as | ratio | limit | | figures |
| --- | --- | --- | --- | --- | --- |
${rows.map(lineOf).join('\n')}
`;
}

function lineOf(row: Row): string {
  const limit = 'atLeast' in row.limit ? `≥ ${row.limit.atLeast}` : `≤ ${row.limit.atMost}`;
  const { what, measuredAs, ratio, figures } = row;
  return `| ${what} | ${measuredAs} | ${ratio.toFixed(2)} | ${limit} | ${isMet(row) ? 'met' : '**missed**'} | ${figures} |`;
}

await main(process.argv.slice(2));
