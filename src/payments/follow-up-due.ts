import { literal, Op, where, type WhereOptions } from 'sequelize';

const [minute, hour, day] = [60_000, 3_600_000, 86_400_000] as const;

/** After the last day it is asked about no more: a person has to judge. */
export const followUpDays = 14;

/** How old it is when it is asked about: 1 minute, 5 minutes, 1 hour, then each day. */
const agesMs = [minute, 5 * minute, hour, ...Array.from({ length: followUpDays }, (_, index) => (index + 1) * day)];
const ages = `'{${agesMs.map((age) => `${age / 1000} seconds`).join(',')}}'::interval[]`;

/**
 * Of what has no end yet, that which is to be asked about now: it has passed one of the ages since it was last asked
 * about, by whomever. Several passed at once, in a pause of ours, make one question.
 * @param since SQL: since when its end has been open
 */
export function dueForFollowUp(now: Date, since: string): WhereOptions {
  const next = `(SELECT min(${since} + age) FROM unnest(${ages}) AS age
    WHERE checked_at IS NULL OR ${since} + age > checked_at)`;
  return where(literal(next), { [Op.lte]: now });
}

/**
 * What a question at `now` leaves on the row: by whomever, it counts as asked. Not when the schedule is through: then only
 * the job's own counts, which gives up with it and says so.
 */
export function askedNow(since: Date, now: Date): { checkedAt?: Date } {
  return isLastFollowUp(since, now) ? {} : { checkedAt: now };
}

/** Whether the schedule is through: the question that is asked now is the last. */
export function isLastFollowUp(since: Date, now: Date): boolean {
  return now.getTime() - since.getTime() >= followUpDays * day;
}
