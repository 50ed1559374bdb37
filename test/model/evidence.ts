import type { CaptureRecord, DisputeRecord, RefundRecord } from '../../src/sandbox/paypal/records.ts';
import type { World } from './world.ts';

/** Both sides as their tables have them when a sequence is over. */
export interface Evidence {
  now: Date;
  orders: OrderRow[];
  payments: PaymentRow[];
  refunds: RefundRow[];
  subscriptions: SubscriptionRow[];
  grants: GrantRow[];
  spends: { id: string; amount: number }[];
  emails: { id: string; template: string; dedupe_key: string; status: string; copies: number }[];
  events: { id: string; type: string; handled_at: Date | null; error: string | null }[];
  incidents: IncidentRow[];
  disputes: { id: string; status: string }[];
  failedJobs: { job: string; error: string }[];
  deliveries: { event_type: string; state: string; last_error: string | null }[];
  atPaypal: { captures: CaptureRecord[]; refunds: RefundRecord[]; disputes: DisputeRecord[] };
}

export interface OrderRow {
  id: string;
  order_no: string;
  user_id: string;
  kind: string;
  status: string;
  amount_minor: number;
  refunded_minor: number;
  failure_code: string | null;
  snapshot: { credits?: number; creditsMonthly?: number; change?: { credits: { orderId: string }[] } };
  subscription_id: string | null;
  period_start: Date | null;
  period_end: Date | null;
  created_at: Date;
  paid_at: Date | null;
}

export interface PaymentRow {
  id: string;
  order_id: string;
  provider_order_id: string | null;
  provider_capture_id: string | null;
  status: string;
  amount_minor: number;
  created_at: Date;
}

export interface RefundRow {
  id: string;
  order_id: string;
  payment_id: string;
  provider_refund_id: string | null;
  status: string;
  amount_minor: number;
  credits_clawed_back: number;
  credits_unrecovered: number;
  completed_at: Date | null;
}

interface SubscriptionRow {
  id: string;
  user_id: string;
  price_id: string | null;
  order_id: string | null;
  status: string;
  start_date: Date;
  end_date: Date | null;
  ended_at: Date | null;
}

export interface GrantRow {
  user_id: string;
  key: string;
  amount: number;
  order_id: string | null;
  subscription_id: string | null;
  created_at: Date;
}

interface IncidentRow {
  kind: string;
  subject_id: string;
  status: string;
  summary: string;
}

export async function gather(world: World): Promise<Evidence> {
  const { pool } = world.app(0).db;
  const rows = async <Row extends object>(sql: string): Promise<Row[]> => (await pool.query<Row>(sql)).rows;
  const docs = async <Doc>(table: string): Promise<Doc[]> =>
    (await rows<{ doc: Doc }>(`SELECT doc FROM sandbox.paypal_${table} ORDER BY created_at`)).map(({ doc }) => doc);
  return {
    now: world.stage.clock.now(),
    orders: await rows('SELECT * FROM orders ORDER BY created_at'),
    payments: await rows('SELECT * FROM payments ORDER BY created_at'),
    refunds: await rows('SELECT * FROM refunds ORDER BY created_at'),
    subscriptions: await rows('SELECT * FROM subscriptions ORDER BY created_at'),
    grants: await rows('SELECT * FROM credit_grants ORDER BY created_at'),
    spends: await rows(`SELECT id, -amount AS amount FROM credit_transactions WHERE type = 'spend'`),
    emails: await rows(
      `SELECT id, template, dedupe_key, status, (SELECT count(*) FROM sandbox.mails m WHERE m.id = e.id) AS copies
       FROM emails e`,
    ),
    events: await rows('SELECT id, type, handled_at, error FROM provider_events'),
    incidents: await rows('SELECT kind, subject_id, status, summary FROM incidents'),
    disputes: await rows('SELECT id, status FROM disputes'),
    failedJobs: await rows('SELECT job, error FROM job_runs WHERE error IS NOT NULL'),
    deliveries: await rows('SELECT event_type, state, last_error FROM sandbox.paypal_deliveries'),
    atPaypal: { captures: await docs('captures'), refunds: await docs('refunds'), disputes: await docs('disputes') },
  };
}
