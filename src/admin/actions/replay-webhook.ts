import { z } from 'zod';
import { replayWebhook } from '../../billing/replay-webhook.ts';
import { reason, recordAction, textOf } from './action.ts';

export const replayWebhookAction = recordAction({
  resource: 'provider_events',
  name: 'replay',
  icon: 'RefreshCw',
  offered: () => true,
  body: z.strictObject({ reason }),
  preview: (_services, { type = null }) => Promise.resolve({ type }),
  async perform(services, row, { reason: why }, staff) {
    await replayWebhook(services, { eventRowId: textOf(row, 'id'), reason: why, staff });
    return { message: 'webhookReplayed', type: 'info' };
  },
});
