import { available, draw, expireDue, grantOf, letGo, type Account, type Hold, type Moment } from './account.ts';

/** What a caller is told, in a shape that both sides give it. */
export type Answer = Readonly<Record<string, unknown>>;

export interface Request {
  amount: number | null;
  quantity: number | null;
  feature: string;
  key: string | null;
}

/** The same for two requests that ask for the same. */
export function fingerprintOf(request: Request): string {
  return JSON.stringify({ ...request, key: null });
}

export function refused(code: string, more: Answer = {}): Answer {
  return { refused: code, ...more };
}

const most = 1_000_000_000;

export function price({ plan }: Account, request: Request, { plans }: Moment): number | Answer {
  const prices = plan === null ? null : plans[plan]?.prices;
  if (prices == null) return request.amount ?? refused('validation_failed', { path: 'amount' });
  const unit = prices[request.feature];
  if (unit === undefined) return refused('unknown_feature');
  const cost = unit * (request.quantity ?? 1);
  if (cost > most) return refused('validation_failed', { path: 'quantity' });
  if (request.amount !== null && request.amount !== cost) return refused('amount_mismatch', { required: cost });
  return cost;
}

/** @param given the real answer, which knows the id of the new entry */
export function consume(account: Account, request: Request, moment: Moment, given: Answer): Answer {
  const fingerprint = fingerprintOf(request);
  const known = account.entries.find(({ key }) => key !== null && key === request.key);
  if (known !== undefined) {
    if (known.fingerprint !== fingerprint) return refused('idempotency_key_reused');
    return { spent: -known.amount, available: known.after, id: known.id, replayed: true };
  }
  if (account.frozen) return refused('forbidden');
  const cost = price(account, request, moment);
  if (typeof cost !== 'number') return cost;
  expireDue(account, moment);
  if (available(account) < cost) return short(account, cost);
  const id = String(given['id']);
  const { feature, quantity, key } = request;
  const said = { id, type: 'spend', source: 'api', feature, quantity, key, fingerprint };
  draw(account, cost, account.grants, said, moment);
  return { spent: cost, available: available(account), id, replayed: false };
}

function short(account: Account, required: number): Answer {
  return refused('insufficient_credits', { available: available(account), required });
}

export interface HoldRequest extends Request {
  lastsMs: number;
}

export function hold(account: Account, request: HoldRequest, moment: Moment, given: Answer): Answer {
  const fingerprint = fingerprintOf(request);
  const known = account.holds.find(({ key }) => key !== null && key === request.key);
  if (known !== undefined) {
    if (known.fingerprint !== fingerprint) return refused('idempotency_key_reused');
    const { id, amount, expiresAt, after } = known;
    return { held: amount, available: after, id, expiresAt, replayed: true };
  }
  if (account.frozen) return refused('forbidden');
  const cost = price(account, request, moment);
  if (typeof cost !== 'number') return cost;
  expireDue(account, moment);
  if (available(account) < cost) return short(account, cost);
  const id = String(given['id']);
  const { feature, quantity, key, lastsMs } = request;
  const said = { id, type: 'hold', source: 'api', feature, quantity };
  const drawn = draw(account, cost, account.grants, said, moment);
  const [after, expiresAt] = [available(account), moment.now + lastsMs];
  const open = { settled: 0, status: 'open', closedAt: null } as const;
  const { now: createdAt } = moment;
  account.holds.push({
    ...open,
    id,
    amount: cost,
    feature,
    quantity,
    key,
    fingerprint,
    drawn,
    createdAt,
    expiresAt,
    after,
  });
  return { held: cost, available: after, id, expiresAt, replayed: false };
}

export interface Closing {
  hold: string;
  /** null: it is released. */
  amount: number | null;
  key: string | null;
  fingerprint: string;
}

export function close(account: Account, closing: Closing, moment: Moment, given: Answer): Answer {
  const { amount, key, fingerprint } = closing;
  expireDue(account, moment);
  const open = account.holds.find(({ id }) => id === closing.hold);
  if (open === undefined) return refused('not_found');
  if (open.status !== 'open') {
    const { closing: first, status } = open;
    if (first === undefined || key === null || first.key !== key) return refused('hold_closed', { status });
    if (first.fingerprint !== fingerprint) return refused('idempotency_key_reused');
    return closed(open, true);
  }
  if (amount !== null && amount > open.amount) return refused('validation_failed', { path: 'amount' });
  letGo(account, open, moment);
  const entry = amount === null || amount === 0 ? null : String(given['entry']);
  if (amount !== null && amount > 0) {
    const { feature, quantity } = open;
    const grants = open.drawn.map(([grant]) => grantOf(account, grant));
    draw(account, amount, grants, { id: entry, type: 'spend', source: 'api', feature, quantity }, moment);
  }
  expireDue(account, moment);
  Object.assign(open, {
    status: amount === null ? 'released' : 'settled',
    settled: amount ?? 0,
    closedAt: moment.now,
    closing: { key, fingerprint, available: available(account), entry },
  });
  return closed(open, false);
}

function closed({ status, amount, settled, closing }: Hold, replayed: boolean): Answer {
  return { status, held: amount, settled, available: closing?.available, entry: closing?.entry, replayed };
}
