import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import { within } from './within.ts';

export interface Metrics {
  registry: Registry;
  httpDuration: Histogram<'method' | 'route' | 'status'>;
  ordersClosed: Counter<'outcome'>;
  creditsSpent: Counter;
  lowBalanceAlerts: Counter<'percent'>;
  refunds: Counter<'status'>;
  webhooks: Counter<'outcome'>;
  mails: Counter<'outcome'>;
  jobRuns: Counter<'job' | 'outcome'>;
  jobDuration: Histogram<'job'>;
  /** Asks for the depth when it is scraped. */
  queueDepth: Gauge;
}

const readTimeoutMs = 2_000;

/** A registry of its own, so that several apps in one process (tests) do not share counters. */
export function createMetrics(readQueueDepth: () => Promise<number>): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  return {
    registry,
    httpDuration: new Histogram({
      name: 'plantain_http_request_duration_seconds',
      help: 'How long requests took, by route',
      labelNames: ['method', 'route', 'status'],
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
      registers,
    }),
    ordersClosed: new Counter({
      name: 'plantain_orders_total',
      help: 'Orders that reached a state, by that state',
      labelNames: ['outcome'],
      registers,
    }),
    creditsSpent: new Counter({ name: 'plantain_credits_spent_total', help: 'Credits consumed', registers }),
    lowBalanceAlerts: new Counter({
      name: 'plantain_low_balance_alerts_total',
      help: 'Balances that fell to a threshold of their plan, by percent of the quota',
      labelNames: ['percent'],
      registers,
    }),
    refunds: new Counter({
      name: 'plantain_refunds_total',
      help: 'Refunds, by what the gateway said',
      labelNames: ['status'],
      registers,
    }),
    webhooks: new Counter({
      name: 'plantain_webhooks_total',
      help: 'Webhooks received, by outcome',
      labelNames: ['outcome'],
      registers,
    }),
    mails: new Counter({
      name: 'plantain_mails_total',
      help: 'Mails handed to the mail server, by outcome',
      labelNames: ['outcome'],
      registers,
    }),
    jobRuns: new Counter({
      name: 'plantain_job_runs_total',
      help: 'Runs of jobs, by outcome',
      labelNames: ['job', 'outcome'],
      registers,
    }),
    jobDuration: new Histogram({
      name: 'plantain_job_duration_seconds',
      help: 'How long runs of jobs took',
      labelNames: ['job'],
      buckets: [0.01, 0.05, 0.1, 0.5, 1, 5, 30, 120, 600],
      registers,
    }),
    queueDepth: queueGauge(registers, readQueueDepth),
  };
}

function queueGauge(registers: Registry[], readQueueDepth: () => Promise<number>): Gauge {
  return new Gauge({
    name: 'plantain_queue_depth',
    help: 'Tasks that wait or run',
    registers,
    async collect() {
      try {
        this.set(await within(readTimeoutMs, readQueueDepth()));
      } catch {
        // Unknown is not zero; and without a database, the other figures are wanted all the more.
        this.remove();
      }
    },
  });
}
