import fc from 'fast-check';
import { faultsByTarget } from '../../src/sandbox/paypal/faults.ts';
import { action, named, nth } from './action.ts';
import type { World } from './world.ts';

/** Every fault that the simulator knows. */
const faults = Object.entries(faultsByTarget).flatMap(([on, names]) => names.map((fault) => ({ on, fault })));
/** These are about no order. */
const global = ['create', 'token', 'statement'];
const times = fc.integer({ min: 1, max: 4 });

/** What goes wrong with PayPal and on the way to it, and what happens in its own pages. */
export const gatewayActions = {
  'go wrong': action({
    weight: 8,
    choices: fc.record({ which: fc.constantFrom(...faults), times, order: fc.option(nth) }),
    words: ({ which: { on, fault }, times, order }) =>
      `the next ${times} of ${on} end in ${fault}${order === null || global.includes(on) ? '' : `, for ${named('order', order)}`}`,
    async run(world, { which, times, order }) {
      const { control } = world.app(0).simulator;
      const named = order === null || global.includes(which.on) ? undefined : world.order(order);
      await control.armFault({ ...which, times, orderId: named?.providerOrderId ?? null });
      // A token is asked for once in hours, unless PayPal forgets it.
      if (which.on === 'token') await control.revokeTokens();
    },
  }),

  'be itself again': action({
    weight: 2,
    choices: fc.record({}),
    words: () => 'nothing goes wrong any more',
    run: (world) => world.app(0).simulator.control.clearFaults(),
  }),

  'decide a held capture': action({
    weight: 4,
    choices: fc.record({ capture: nth, good: fc.boolean() }),
    words: ({ capture, good }) => `PayPal ${good ? 'lets' : 'does not let'} ${named('held capture', capture)} through`,
    async run(world, { capture, good }) {
      const id = await world.pick(capture, `${captures} WHERE doc ->> 'status' = 'PENDING' ${newestFirst}`);
      const { control } = world.app(0).simulator;
      await act(world, id, (held) => (good ? control.completeCapture(held) : control.denyCapture(held)));
    },
  }),

  'decide a held refund': action({
    weight: 3,
    choices: fc.record({ refund: nth, good: fc.boolean() }),
    words: ({ refund, good }) => `PayPal ${good ? 'makes' : 'does not make'} ${named('held refund', refund)}`,
    async run(world, { refund, good }) {
      const id = await world.pick(refund, `${refunds} WHERE doc ->> 'status' = 'PENDING' ${newestFirst}`);
      const { control } = world.app(0).simulator;
      await act(world, id, (held) => (good ? control.completeRefund(held) : control.failRefund(held)));
    },
  }),

  'refund at PayPal': action({
    weight: 4,
    choices: fc.record({ capture: nth, amount: fc.constantFrom(null, '0.01', '3.33', '5.00') }),
    words: ({ capture, amount }) =>
      `somebody refunds ${amount ?? 'all'} of ${named('capture', capture)} in PayPal's pages`,
    async run(world, { capture, amount }) {
      const id = await world.pick(capture, `${captures} ${newestFirst}`);
      await act(world, id, (paid) => world.app(0).simulator.control.refundCapture(paid, amount ?? undefined));
    },
  }),

  reverse: action({
    weight: 1,
    choices: fc.record({ capture: nth }),
    words: ({ capture }) => `PayPal takes ${named('capture', capture)} back`,
    async run(world, { capture }) {
      const id = await world.pick(capture, `${captures} ${newestFirst}`);
      await act(world, id, (paid) => world.app(0).simulator.control.reverseCapture(paid));
    },
  }),

  dispute: action({
    weight: 3,
    choices: fc.record({ capture: nth }),
    words: ({ capture }) => `the buyer disputes ${named('capture', capture)}`,
    async run(world, { capture }) {
      const id = await world.pick(capture, `${captures} ${newestFirst}`);
      await act(world, id, (paid) => world.app(0).simulator.control.openDispute(paid));
    },
  }),

  'decide a dispute': action({
    weight: 3,
    choices: fc.record({ dispute: nth, outcome: fc.constantFrom('won', 'lost') }),
    words: ({ dispute, outcome }) => `we have ${outcome} ${named('open dispute', dispute)}`,
    async run(world, { dispute, outcome }) {
      const open = `SELECT capture_id AS id FROM sandbox.paypal_disputes WHERE doc ->> 'status' <> 'RESOLVED'`;
      const id = await world.pick(dispute, `${open} ${newestFirst}`);
      await act(world, id, (paid) => world.app(0).simulator.control.closeDispute(paid, outcome));
    },
  }),
};

const captures = 'SELECT id FROM sandbox.paypal_captures';
const refunds = 'SELECT id FROM sandbox.paypal_refunds';
const newestFirst = 'ORDER BY created_at DESC';

async function act(world: World, id: string | undefined, work: (id: string) => Promise<unknown>): Promise<void> {
  if (id !== undefined) await world.attempt('at PayPal', () => work(id));
}
