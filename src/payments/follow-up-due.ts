import { literal, where, Op, type WhereOptions } from 'sequelize';

const firstAfter = "interval '2 minutes'";
const atLeastEvery = "interval '1 day'";

/**
 * Of what has no end yet, that which should be asked about now: two minutes after it began, and from then on each time
 * when it has grown twice as old (4, 8, 16 minutes …), but once a day at the least.
 */
export function dueForFollowUp(now: Date): WhereOptions {
  const next = `coalesce(
    checked_at + least(greatest(checked_at - created_at, ${firstAfter}), ${atLeastEvery}),
    created_at + ${firstAfter}
  )`;
  return where(literal(next), { [Op.lte]: now });
}
