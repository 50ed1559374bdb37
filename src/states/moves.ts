/**
 * Every state of what money passes through, and every legal move from it. Whatever moves an order, a payment, a refund
 * or a bank transfer asks here first; `docs/states.md` is drawn from it.
 */
export const moves = {
  order: {
    pending: ['processing', 'completed', 'failed', 'cancelled', 'expired'],
    // The gateway holds the money (eCheck, review): nothing is handed over yet.
    processing: ['completed', 'failed'],
    completed: ['partially_refunded', 'refunded'],
    partially_refunded: ['partially_refunded', 'refunded'],
    refunded: [],
    failed: [],
    // Money may arrive all the same, when the buyer agreed in another window: it is never ignored.
    cancelled: ['processing', 'completed', 'failed'],
    expired: ['processing', 'completed', 'failed'],
  },
  payment: {
    pending: ['processing', 'completed', 'failed', 'cancelled'],
    processing: ['completed', 'failed'],
    completed: [],
    failed: [],
    cancelled: ['processing', 'completed', 'failed'],
  },
  refund: {
    pending: ['completed', 'failed'],
    completed: [],
    // The gateway made it after all: the money is gone, so it is booked.
    failed: ['completed'],
  },
  dispute: {
    open: ['won', 'lost_unbooked'],
    // Decided for the buyer; until the money that left is booked as a refund, the order's credits stay set apart.
    lost_unbooked: ['lost', 'won', 'open'],
    // The gateway may take a dispute up again, and may decide anew before we look.
    won: ['open', 'lost_unbooked'],
    lost: ['open', 'won'],
  },
  transfer: {
    awaiting: ['recorded'],
    // What one person read from the bank's statement is confirmed by another, or taken back by either.
    recorded: ['awaiting', 'confirmed'],
    confirmed: [],
  },
  // Two people: what one asks for, another decides.
  approval: {
    pending: ['approved', 'rejected', 'expired', 'withdrawn', 'failed'],
    approved: [],
    rejected: [],
    expired: [],
    withdrawn: [],
    // It was approved, and could not be done any more.
    failed: [],
  },
} as const satisfies Record<string, Record<string, readonly string[]>>;

export type Kind = keyof typeof moves;
export type OrderStatus = keyof (typeof moves)['order'];
export type PaymentStatus = keyof (typeof moves)['payment'];
export type RefundStatus = keyof (typeof moves)['refund'];
export type DisputeStatus = keyof (typeof moves)['dispute'];
export type TransferStatus = keyof (typeof moves)['transfer'];
export type ApprovalStatus = keyof (typeof moves)['approval'];
type StatusOf<K extends Kind> = keyof (typeof moves)[K] & string;

export class IllegalMove extends Error {
  constructor(kind: Kind, from: string, to: string) {
    super(`${kind} cannot go from ${from} to ${to}`);
    this.name = 'IllegalMove';
  }
}

export function isLegalMove<K extends Kind>(kind: K, from: StatusOf<K>, to: StatusOf<K>): boolean {
  const table: Record<string, readonly string[]> = moves[kind];
  return table[from]?.includes(to) ?? false;
}

/** @throws IllegalMove */
export function assertMove<K extends Kind>(kind: K, from: StatusOf<K>, to: StatusOf<K>): void {
  if (!isLegalMove(kind, from, to)) throw new IllegalMove(kind, from, to);
}
