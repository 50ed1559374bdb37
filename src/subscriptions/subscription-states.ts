/** `scheduled`: paid for, and begins when the one before it ends. */
export type SubscriptionStatus = 'scheduled' | 'active' | 'past_due' | 'paused' | 'cancelled' | 'expired';

/** The states of which a customer can have one subscription at a time. */
export const liveStatuses = ['active', 'past_due', 'paused'] as const satisfies readonly SubscriptionStatus[];
