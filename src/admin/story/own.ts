/**
 * The rows that are a customer's, as the beginning of a statement: what is not used of it is not run.
 *
 * bought    their orders
 * subjects  under which type and id the audit log has them and all that is theirs
 * troubles  incidents about any of it; some are known by the gateway's ids only
 */
export const own = `
  WITH bought AS MATERIALIZED (SELECT id, order_no FROM orders WHERE user_id = $userId),
  paid AS MATERIALIZED (SELECT id, provider_capture_id AS capture FROM payments WHERE order_id IN (SELECT id FROM bought)),
  returned AS (SELECT id FROM refunds WHERE order_id IN (SELECT id FROM bought)),
  named (type, id) AS (
    VALUES ('user', $userId::text), ('books', $userId::text)
    UNION SELECT type, id::text FROM bought, unnest(ARRAY['order', 'books']) AS type
    UNION SELECT 'payment', id::text FROM paid
    UNION SELECT type, capture FROM paid, unnest(ARRAY['payment', 'dispute']) AS type WHERE capture IS NOT NULL
    UNION SELECT 'refund', id::text FROM returned
    UNION SELECT 'dispute', id::text FROM disputes WHERE order_id IN (SELECT id FROM bought)
  ),
  troubles AS MATERIALIZED (
    SELECT i.id FROM named n JOIN incidents i ON i.subject_type = n.type AND i.subject_id = n.id
    UNION SELECT i.id FROM paid p JOIN incidents i ON i.details ->> 'capture' = p.capture
      WHERE i.subject_type IN ('refund', 'dispute', 'transaction')
    UNION SELECT i.id FROM bought b JOIN incidents i ON i.details ->> 'order' = b.id::text
      WHERE i.subject_type = 'transaction'
  ),
  subjects (type, id) AS MATERIALIZED (
    SELECT type, id FROM named WHERE type IN ('user', 'order', 'payment', 'refund')
    UNION SELECT 'subscription', id::text FROM subscriptions WHERE user_id = $userId
    UNION SELECT 'transfer', id::text FROM bank_transfers WHERE order_id IN (SELECT id FROM bought)
    UNION SELECT 'incident', id::text FROM troubles
  )`;
