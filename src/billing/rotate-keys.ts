import { replaceSealed, sealedValue, sealedValues, type SealedColumn, type SealedValue } from '../db/sealed-values.ts';
import { UnknownKey } from '../kit/crypto.ts';
import { sealedColumns } from './sealed-columns.ts';
import type { Services } from './services.ts';

export interface Rotation {
  table: string;
  column: string;
  rotated: number;
  /** Under the current key already. */
  current: number;
  /** Rows by the key that they need and nobody named: id of the key → how many. */
  unknownKeys: ReadonlyMap<string, number>;
  /** Rows whose value is damaged. */
  unreadable: readonly string[];
}

const firstId = '00000000-0000-0000-0000-000000000000';
const defaultBatchSize = 500;

/**
 * Seals every sealed value anew that the current key did not seal, and makes its index anew, while everything runs. What it has done it does not
 * do again, so it can be ended at any point and started once more. A row that cannot be opened is left as it is and
 * counted; the others are not kept from their turn.
 * @param tell hears of the column after each batch
 */
export async function rotateKeys(
  services: Pick<Services, 'db' | 'sealer'>,
  { tell, batchSize = defaultBatchSize }: { tell: (progress: Rotation) => void; batchSize?: number },
): Promise<Rotation[]> {
  const done: Rotation[] = [];
  for (const column of sealedColumns) done.push(await rotateColumn(services, column, { tell, batchSize }));
  return done;
}

async function rotateColumn(
  services: Pick<Services, 'db' | 'sealer'>,
  column: SealedColumn,
  { tell, batchSize }: { tell: (progress: Rotation) => void; batchSize: number },
): Promise<Rotation> {
  const unknownKeys = new Map<string, number>();
  const unreadable: string[] = [];
  const { table, column: name } = column;
  const progress = { table, column: name, rotated: 0, current: 0, unknownKeys, unreadable };
  let after = firstId;
  for (;;) {
    const batch = await sealedValues(services.db, column, { after, limit: batchSize });
    for (const value of batch) {
      try {
        if (await rotateValue(services, column, value)) progress.rotated += 1;
        else progress.current += 1;
      } catch (error) {
        if (error instanceof UnknownKey) unknownKeys.set(error.keyId, (unknownKeys.get(error.keyId) ?? 0) + 1);
        else if (error instanceof Unreadable) unreadable.push(value.id);
        else throw error;
      }
    }
    if (batch.length > 0) tell(progress);
    if (batch.length < batchSize) return progress;
    after = batch.at(-1)?.id ?? after;
  }
}

class Unreadable extends Error {}

/**
 * → whether there was something to do: another key, or an index that is missing, e.g. because the payment is older than
 * the index. A value that a flow changes meanwhile is looked at again.
 */
async function rotateValue(
  { db, sealer }: Pick<Services, 'db' | 'sealer'>,
  column: SealedColumn,
  value: SealedValue,
): Promise<boolean> {
  const { id } = value;
  for (let now: SealedValue | null = value; now !== null; now = await sealedValue(db, column, id)) {
    const { sealed: read, index } = now;
    const isSealed = sealer.isCurrent(read);
    if (isSealed && (column.index === undefined || (index !== null && sealer.isCurrent(index)))) return false;
    const plain = open(sealer, read);
    const freshIndex = column.index?.of(sealer, plain) ?? null;
    // Some have nothing to be found by, and are as they should be.
    if (isSealed && freshIndex === index) return false;
    const fresh = isSealed ? read : sealer.seal(plain);
    if (await replaceSealed(db, column, { id, read, fresh, freshIndex })) return true;
  }
  return false;
}

function open(sealer: Services['sealer'], sealed: string): string {
  try {
    return sealer.open(sealed);
  } catch (error) {
    if (error instanceof UnknownKey) throw error;
    throw new Unreadable('the value was changed, or is none of ours', { cause: error });
  }
}
