import pg from 'pg';
import {
  AccountBusy,
  CreditsMismatch,
  Forbidden,
  IdempotencyKeyReused,
  InsufficientCredits,
  NotFound,
  UnknownFeature,
  ValidationFailed,
  type AppError,
} from '../kit/errors.ts';

/** Most credits that one call spends or sets apart. */
export const maxConsumption = 1_000_000_000;

/** Why nothing was spent or set apart; see migrations/*-credit-functions.cjs. */
export type Refusal =
  | 'key_reused'
  | 'short'
  | 'frozen'
  | 'unknown_user'
  | 'unknown_feature'
  | 'amount_mismatch'
  | 'no_price_list'
  | 'too_much';

/** What is told of a failure of the database: that the balance was locked all the time is worth another try. */
export function busyOr(error: unknown): unknown {
  const lockNotAvailable = '55P03';
  return error instanceof pg.DatabaseError && error.code === lockNotAvailable ? new AccountBusy() : error;
}

/** What the caller is told. `amount` is what it costs, `balance` what is there. */
export function refused(
  refusal: Refusal,
  { featureType, amount, balance }: { featureType: string; amount: number; balance: number },
): AppError {
  switch (refusal) {
    case 'short':
      return new InsufficientCredits(balance, amount);
    case 'key_reused':
      return new IdempotencyKeyReused();
    case 'frozen':
      return new Forbidden('This account is suspended: its credits cannot be spent.');
    case 'unknown_user':
      return new NotFound('There is no such user.');
    case 'unknown_feature':
      return new UnknownFeature(featureType);
    case 'amount_mismatch':
      return new CreditsMismatch(amount);
    case 'no_price_list':
      return new ValidationFailed([{ path: 'amount', message: 'the plan has no price list: say how many credits' }]);
    case 'too_much':
      return new ValidationFailed([{ path: 'quantity', message: `costs more than ${maxConsumption} credits` }]);
  }
}
