import pg from 'pg';
import { Consumptions, type Consumed, type Consumption } from '../../src/credits/consume.ts';
import { closeHold, openHold } from '../../src/credits/holds.ts';

/** One spending, under a key. */
interface Spending {
  key: string;
  userId: string;
  amount: number;
}

/** A call as a client makes it, and makes again when no answer came. */
export type Command =
  | ({ kind: 'consume' } & Spending)
  | { kind: 'batch'; items: Spending[] }
  | ({ kind: 'hold' } & Spending)
  /** Settles, or releases when there is no amount. */
  | { kind: 'close'; key: string; userId: string; holdId: string; amount: number | null };

/** What the caller was told: of a batch, for each item. */
export interface Told {
  /** Of the entry, or of the hold; null where nothing was spent. */
  id: string | null;
  amount: number;
  balance: number;
}

export interface Answer {
  told: Told[];
  /** For each, whether it was told before. */
  replayed: boolean[];
}

export interface Till {
  consumptions: Consumptions;
  pool: pg.Pool;
}

/** As `connectDatabase` wires it, without the ORM: a process that is to die a moment later should start fast. */
export function openTill(url: string): Till {
  const pool = new pg.Pool({ connectionString: url, max: 8 });
  const gathering = new pg.Pool({ connectionString: url, max: 2 });
  return { consumptions: new Consumptions({ gathering, single: pool }), pool };
}

export async function perform({ consumptions, pool }: Till, command: Command, now: Date): Promise<Answer> {
  const common = { actor: 'user', now };
  switch (command.kind) {
    case 'consume':
      return answerOf([await consumptions.consume(spend(command, now))]);
    case 'batch': {
      const outcomes = await consumptions.consumeMany(command.items.map((item) => spend(item, now)));
      return answerOf(
        outcomes.map((outcome) => {
          if (outcome.status === 'rejected') throw outcome.reason;
          return outcome.value;
        }),
      );
    }
    case 'hold': {
      const expiresAt = new Date(now.getTime() + 24 * 3600 * 1000);
      const held = await openHold(pool, { ...spend(command, now), expiresAt });
      return { told: [{ id: held.holdId, amount: held.amount, balance: held.available }], replayed: [held.replayed] };
    }
    case 'close': {
      const { key: idempotencyKey, userId, holdId, amount } = command;
      const closing = { ...common, userId, holdId, amount, idempotencyKey, fingerprint: String(amount) };
      const closed = await closeHold(pool, closing);
      const told = { id: closed.transactionId, amount: closed.settled, balance: closed.available };
      return { told: [told], replayed: [closed.replayed] };
    }
  }
}

function spend({ key, userId, amount }: Spending, now: Date): Consumption {
  return {
    userId,
    amount,
    quantity: null,
    featureType: 'image',
    reference: null,
    description: null,
    actor: 'user',
    idempotencyKey: key,
    fingerprint: String(amount),
    now,
  };
}

function answerOf(consumed: readonly Consumed[]): Answer {
  return {
    told: consumed.map(({ transactionId, amount, balanceAfter }) => ({
      id: transactionId,
      amount,
      balance: balanceAfter,
    })),
    replayed: consumed.map(({ replayed }) => replayed),
  };
}
