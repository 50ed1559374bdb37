import fc from 'fast-check';
import { refundOrder } from '../../src/billing/refund-order.ts';
import { replayWebhook } from '../../src/billing/replay-webhook.ts';
import { reactivateUser, suspendUser } from '../../src/billing/suspend-user.ts';
import { action, at, named, nth, who } from './action.ts';

/** What staff do in the panel. */
export const staffActions = {
  refund: action({
    weight: 6,
    choices: fc.record({ at, order: nth, amountMinor: fc.constantFrom(null, 1, 333, 500), twice: fc.boolean() }),
    words: ({ order, amountMinor, twice }) =>
      `staff refund ${amountMinor === null ? 'all' : `${amountMinor} cents`} of ${named('order', order)}${twice ? ', pressing twice' : ''}`,
    async run(world, { at, order: n, amountMinor, twice }) {
      const order = world.order(n);
      if (order === undefined) return;
      const { staff } = world.stage;
      const request = {
        orderId: order.orderId,
        reason: 'unhappy',
        staff,
        ...(amountMinor === null ? {} : { amountMinor }),
      };
      const press = () => world.attempt('a refund', () => refundOrder(world.app(at).services, request));
      await Promise.all(twice ? [press(), press()] : [press()]);
    },
  }),

  'replay a webhook': action({
    weight: 2,
    choices: fc.record({ at, webhook: nth }),
    words: ({ webhook }) => `staff have ${named('webhook', webhook)} handled again`,
    async run(world, { at, webhook }) {
      const eventRowId = await world.pick(webhook, 'SELECT id FROM provider_events ORDER BY received_at DESC');
      if (eventRowId === undefined) return;
      const replay = { eventRowId, reason: 'again', staff: world.stage.staff };
      await world.attempt('a replay', () => replayWebhook(world.app(at).services, replay));
    },
  }),

  'lock out': action({
    weight: 1,
    choices: fc.record({ at, who, back: fc.boolean() }),
    words: ({ who, back }) => `staff ${back ? 'let customer' : 'lock customer'} ${who} ${back ? 'in again' : 'out'}`,
    async run(world, { at, who, back }) {
      const decision = { userId: world.customer(who), reason: 'to be looked at', staff: world.stage.staff };
      const decide = back ? reactivateUser : suspendUser;
      await world.attempt('a suspension', () => decide(world.app(at).services, decision));
    },
  }),
};
