/** `processing`: the gateway holds the money and has not decided yet. */
export type PaymentStatus = 'pending' | 'processing' | 'completed' | 'failed' | 'cancelled';

export type RefundStatus = 'pending' | 'completed' | 'failed';
