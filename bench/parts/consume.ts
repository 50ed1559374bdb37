import type { ChildProcess } from 'node:child_process';
import { connectDatabase } from '../../src/db/index.ts';
import { newSecret } from '../../src/kit/ids.ts';
import { drive, type Figures } from '../load.ts';
import { minimalLedger, runPgbench } from '../pgbench.ts';
import { inTurn, median, type Row } from '../report.ts';
import { addCustomers, startProgram, tokensFor } from '../stage.ts';

const connections = 32;
const path = '/api/v1/credits/consume';
const body = '{"amount":1,"feature_type":"image"}';

/**
 * `POST /credits/consume` of one web process, beside a bare Express handler that verifies the same token and parses the
 * same body (E), and beside the least that a ledger does in PostgreSQL (P).
 */
export async function measureConsume(
  { url, say }: { url: string; say: (line: string) => void },
  { users = 100_000, rounds = 3, seconds = 8 } = {},
): Promise<Row[]> {
  const children: ChildProcess[] = [];
  const db = connectDatabase({ url });
  try {
    const secret = newSecret();
    const tokens = tokensFor(await addCustomers(db, users), secret);
    await db.pool.query(minimalLedger.tables);
    await db.pool.query(minimalLedger.fill, [users]);
    await db.pool.query('VACUUM ANALYZE');
    const start = async (file: string, args: string[]) => {
      const { port, child } = await startProgram(file, args);
      children.push(child);
      return port;
    };
    const ports = { bare: await start('baseline.ts', [secret]), ours: await start('server.ts', [url, secret]) };
    let turn = 0;
    const load = (port: number, pick: () => string, duration = seconds) =>
      drive({
        port,
        path,
        connections,
        seconds: duration,
        next: () => ({ token: pick(), key: `bench-${(turn += 1)}`, body }),
      });
    const anybody = () => tokens[Math.floor(Math.random() * tokens.length)] ?? '';
    const oneUser = () => tokens[0] ?? '';
    await load(ports.bare, anybody, 2);
    await load(ports.ours, anybody, 3);

    const http = await inTurn(rounds, {
      e: () => load(ports.bare, anybody),
      uniform: () => load(ports.ours, anybody),
      hot: () => load(ports.ours, oneUser),
    });
    const plain = await inTurn(rounds, {
      p: () => runPgbench(url, { script: minimalLedger.script(users), clients: connections, seconds }),
      pHot: () => runPgbench(url, { script: minimalLedger.script(1), clients: 8, seconds }),
    });
    const [e, uniform, hot] = [summary(http.e), summary(http.uniform), summary(http.hot)];
    const [p, pHot] = [median(plain.p), median(plain.pHot)];
    say(
      `E ${words(e)}; consume ${words(uniform)}; one user ${words(hot)}; P ${p.toFixed(0)}/s, hot ${pHot.toFixed(0)}/s`,
    );
    const what = `consume, ${users.toLocaleString('en')} users, ${connections} connections, one web process`;
    return [
      {
        what,
        measuredAs: 'requests/s ÷ E',
        ratio: uniform.perSecond / e.perSecond,
        limit: { atLeast: 0.85 },
        figures: `${words(uniform)}; E ${words(e)}`,
      },
      {
        what,
        measuredAs: 'requests/s ÷ P at 32 clients',
        ratio: uniform.perSecond / p,
        limit: { atLeast: 0.35 },
        figures: `P ${p.toFixed(0)}/s`,
      },
      {
        what,
        measuredAs: 'p99 ÷ E’s p99',
        ratio: uniform.p99 / e.p99,
        limit: { atMost: 1.5 },
        figures: `${uniform.p99.toFixed(1)} ms; E ${e.p99.toFixed(1)} ms`,
      },
      {
        what: 'consume, one single user',
        measuredAs: 'requests/s ÷ P on one row at 8 clients',
        ratio: hot.perSecond / pHot,
        limit: { atLeast: 1.5 },
        figures: `${words(hot)}; P ${pHot.toFixed(0)}/s`,
      },
    ];
  } finally {
    for (const child of children) child.kill('SIGKILL');
    await db.close();
  }
}

function summary(rounds: readonly Figures[]): Figures {
  const of = (pick: (figures: Figures) => number) => median(rounds.map(pick));
  return {
    perSecond: of((figures) => figures.perSecond),
    p50: of((figures) => figures.p50),
    p99: of((figures) => figures.p99),
    failed: rounds.reduce((sum, { failed }) => sum + failed, 0),
  };
}

function words({ perSecond, p50, p99, failed }: Figures): string {
  return `${perSecond.toFixed(0)}/s, p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms${failed > 0 ? `, ${failed} FAILED` : ''}`;
}
