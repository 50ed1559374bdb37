import { type Sequelize, type Transaction } from 'sequelize';
import { AppError } from '../../kit/errors.ts';

/** How long a member of staff waits for one question, and how long the database works on it. */
const readTimeoutMs = 5000;

const statementTimedOut = '57014';

/** A question that the indexes do not answer. Its answer would come, after everybody else had waited for it. */
export class TooSlow extends AppError {
  constructor(cause: unknown) {
    const seconds = readTimeoutMs / 1000;
    const detail = `The database took longer than ${seconds} seconds. Narrow the filter: by customer, order, ID or a shorter time.`;
    super(503, 'too_slow', detail, { extra: { seconds }, cause });
  }
}

/** Runs what only reads, in one transaction that writes nothing and whose statements end in time. @throws TooSlow */
export async function readBounded<T>(
  sequelize: Sequelize,
  work: (transaction: Transaction) => Promise<T>,
  timeoutMs: number = readTimeoutMs,
): Promise<T> {
  try {
    return await sequelize.transaction(async (transaction) => {
      // One statement of two settings; a pool that others use gets its connection back as it was.
      await sequelize.query(`SET TRANSACTION READ ONLY; SET LOCAL statement_timeout = ${timeoutMs}`, { transaction });
      return work(transaction);
    });
  } catch (error) {
    throw isTimeout(error) ? new TooSlow(error) : error;
  }
}

function isTimeout(error: unknown): boolean {
  return (error as { original?: { code?: string } } | undefined)?.original?.code === statementTimedOut;
}
