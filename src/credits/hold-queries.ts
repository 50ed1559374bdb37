import { Op } from 'sequelize';
import type { Tx } from '../db/index.ts';
import { NotFound } from '../kit/errors.ts';
import { CreditHold, type HoldStatus } from './credit-hold.model.ts';
import { expireDue } from './ledger.ts';

export type { CreditHold, HoldStatus } from './credit-hold.model.ts';

/** Whether it has run out by now is settled first, so that nobody is shown an open hold that is none. @throws NotFound */
export async function readHold(tx: Tx, userId: string, id: string, now: Date): Promise<CreditHold> {
  await expireDue(tx, userId, now);
  const hold = await CreditHold.findOne({ where: { userId, id }, transaction: tx });
  if (hold === null) throw new NotFound('There is no such hold.');
  return hold;
}

/** Newest first; `before` is the id of the last one of the page before. */
export async function listHolds(
  tx: Tx,
  userId: string,
  page: { status: HoldStatus | undefined; limit: number; before: string | undefined; now: Date },
): Promise<CreditHold[]> {
  const { status, limit, before, now } = page;
  await expireDue(tx, userId, now);
  return CreditHold.findAll({
    where: {
      userId,
      ...(status === undefined ? {} : { status }),
      ...(before === undefined ? {} : { id: { [Op.lt]: before } }),
    },
    order: [['id', 'DESC']],
    limit,
    transaction: tx,
  });
}
