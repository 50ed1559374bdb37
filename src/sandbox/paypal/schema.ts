import type { Pool } from 'pg';
import { inTransaction } from './database.ts';

/** Rows are PayPal's, not ours: each is a document, with only what is searched for beside it. */
const statements = `
  CREATE SCHEMA IF NOT EXISTS sandbox;
  CREATE TABLE IF NOT EXISTS sandbox.paypal_keys (
    name text PRIMARY KEY,
    pem text NOT NULL
  );
  CREATE TABLE IF NOT EXISTS sandbox.paypal_tokens (
    hash text PRIMARY KEY,
    expires_at timestamptz NOT NULL
  );
  CREATE TABLE IF NOT EXISTS sandbox.paypal_orders (
    id text PRIMARY KEY,
    created_at timestamptz NOT NULL,
    approval_ends_at timestamptz,
    doc jsonb NOT NULL
  );
  CREATE INDEX IF NOT EXISTS paypal_orders_approval ON sandbox.paypal_orders (approval_ends_at)
    WHERE approval_ends_at IS NOT NULL;
  CREATE INDEX IF NOT EXISTS paypal_orders_created ON sandbox.paypal_orders (created_at);
  CREATE TABLE IF NOT EXISTS sandbox.paypal_captures (
    id text PRIMARY KEY,
    order_id text NOT NULL REFERENCES sandbox.paypal_orders,
    invoice_id text UNIQUE,
    created_at timestamptz NOT NULL,
    doc jsonb NOT NULL
  );
  CREATE INDEX IF NOT EXISTS paypal_captures_order ON sandbox.paypal_captures (order_id);
  CREATE TABLE IF NOT EXISTS sandbox.paypal_refunds (
    id text PRIMARY KEY,
    capture_id text NOT NULL REFERENCES sandbox.paypal_captures,
    created_at timestamptz NOT NULL,
    doc jsonb NOT NULL
  );
  CREATE INDEX IF NOT EXISTS paypal_refunds_capture ON sandbox.paypal_refunds (capture_id);
  CREATE TABLE IF NOT EXISTS sandbox.paypal_disputes (
    id text PRIMARY KEY,
    capture_id text NOT NULL REFERENCES sandbox.paypal_captures,
    created_at timestamptz NOT NULL,
    doc jsonb NOT NULL
  );
  CREATE INDEX IF NOT EXISTS paypal_disputes_capture ON sandbox.paypal_disputes (capture_id);
  CREATE TABLE IF NOT EXISTS sandbox.paypal_requests (
    operation text NOT NULL,
    request_id text NOT NULL,
    status integer NOT NULL,
    full_body jsonb NOT NULL,
    minimal_body jsonb NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (operation, request_id)
  );
  CREATE TABLE IF NOT EXISTS sandbox.paypal_faults (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    target text NOT NULL,
    fault text NOT NULL,
    order_id text,
    remaining integer NOT NULL CHECK (remaining >= 0)
  );
  CREATE TABLE IF NOT EXISTS sandbox.paypal_deliveries (
    id text PRIMARY KEY,
    event_id text NOT NULL,
    event_type text NOT NULL,
    order_id text,
    body text NOT NULL,
    state text NOT NULL CHECK (state IN ('waiting', 'delivered', 'given_up', 'lost')),
    attempts integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL,
    seq bigint GENERATED ALWAYS AS IDENTITY,
    next_attempt_at timestamptz NOT NULL,
    leased_until timestamptz,
    last_status integer,
    last_error text
  );
  ALTER TABLE sandbox.paypal_deliveries ADD COLUMN IF NOT EXISTS yields boolean NOT NULL DEFAULT false;
  CREATE INDEX IF NOT EXISTS paypal_deliveries_due ON sandbox.paypal_deliveries (next_attempt_at, seq)
    WHERE state = 'waiting';
`;

/** Makes the simulator's own schema; any number of processes may do it at once. */
export async function prepareSchema(pool: Pool): Promise<void> {
  await inTransaction(pool, async (tx) => {
    await tx.query(`SELECT pg_advisory_xact_lock(hashtext('plantain paypal simulator'))`);
    await tx.query(statements);
  });
}
