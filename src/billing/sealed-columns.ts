import type { SealedColumn } from '../db/sealed-values.ts';
import { indexOfPayer } from '../payments/payer-index.ts';

/** Every column that holds sealed values. */
export const sealedColumns: readonly SealedColumn[] = [
  { table: 'payments', column: 'payer_sealed', index: { column: 'payer_index', of: indexOfPayer } },
  { table: 'provider_events', column: 'body_sealed' },
  { table: 'staff', column: 'totp_sealed' },
];
