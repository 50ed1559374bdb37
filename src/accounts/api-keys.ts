import type { Tx } from '../db/index.ts';
import { sha256 } from '../kit/crypto.ts';
import { Unauthenticated } from '../kit/errors.ts';
import { newId, newSecret, readableCode } from '../kit/ids.ts';
import { stopwatch } from '../kit/clock.ts';
import { ApiKey } from './api-key.model.ts';
import type { Scope } from './scopes.ts';

export type { Scope } from './scopes.ts';

export interface ApiKeyIdentity {
  id: string;
  scopes: ReadonlySet<Scope>;
}

/** → the key itself, `pk_<prefix>_<secret>`: shown once, kept as a hash. */
export async function createApiKey(
  key: { name: string; scopes: Scope[]; createdBy: string | null; now: Date },
  tx?: Tx,
): Promise<string> {
  const prefix = readableCode(8).toLowerCase();
  const secret = `pk_${prefix}_${newSecret()}`;
  const { name, scopes, createdBy, now } = key;
  await ApiKey.create(
    { id: newId(), name, prefix, keyHash: sha256(secret), scopes, createdBy, createdAt: now },
    { transaction: tx ?? null },
  );
  return secret;
}

// A key is looked up once in this time, so that the hot path has no second query: a revoked key dies as late as that.
const rememberedMs = 5_000;
const rememberedMax = 1_000;

export class ApiKeys {
  readonly #known = new Map<string, { identity: ApiKeyIdentity; age: () => number }>();

  /** @throws Unauthenticated */
  async authenticate(secret: string, now: Date): Promise<ApiKeyIdentity> {
    const keyHash = sha256(secret);
    const known = this.#known.get(keyHash);
    if (known !== undefined && known.age() < rememberedMs) return known.identity;
    this.#known.delete(keyHash);
    const row = await ApiKey.findOne({ where: { keyHash, revokedAt: null } });
    if (row === null) throw new Unauthenticated('The API key is not valid.');
    await row.update({ lastUsedAt: now });
    const identity = { id: row.id, scopes: new Set(row.scopes) };
    if (this.#known.size >= rememberedMax) this.#known.clear();
    this.#known.set(keyHash, { identity, age: stopwatch() });
    return identity;
  }
}
