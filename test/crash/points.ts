import { AsyncLocalStorage } from 'node:async_hooks';
import { ClientRequest } from 'node:http';
import pg from 'pg';

/**
 * The moments at which the death of a process can be seen from outside: before and after each call to the outside, and
 * before and after each statement that makes something durable. They are found where everything has to pass, at Node's
 * HTTP client, at `fetch` and at the client of PostgreSQL, so that a flow which gains a call gains its points.
 */
export class Story {
  /** What was passed so far, in order: `before POST /v2/checkout/orders`. */
  readonly points: string[] = [];
  readonly held: Promise<void>;
  readonly #holdAt: number | null;
  #isHeld = false;
  #tellHeld: () => void = () => undefined;

  /** @param holdAt the point at which it stops for good, counted from 1; null: it runs to its end */
  constructor(holdAt: number | null) {
    this.#holdAt = holdAt;
    this.held = new Promise((resolve) => {
      this.#tellHeld = resolve;
    });
  }

  get isHeld(): boolean {
    return this.#isHeld;
  }

  /** → whether the story goes on; one that is held does nothing any more that could be seen from outside. */
  passes(point: string): boolean {
    if (this.#isHeld) return false;
    this.points.push(point);
    if (this.points.length !== this.#holdAt) return true;
    this.#isHeld = true;
    this.#tellHeld();
    return false;
  }

  /** Runs `work` as this story, to its end or to where it is held. */
  async tell(work: () => Promise<unknown>): Promise<void> {
    await Promise.race([this.held, told.run(this, work)]);
  }
}

const told = new AsyncLocalStorage<Story>();

/** What never comes back, as for a process that is dead. */
const silence = <T>(): Promise<T> => new Promise<T>(() => undefined);

/** Once for a process, before any client is made. */
export function watchPoints(): void {
  watchHttp();
  watchFetch();
  watchDatabase();
}

function watchHttp(): void {
  type Send = (this: ClientRequest, ...args: unknown[]) => unknown;
  const prototype = ClientRequest.prototype as unknown as { write: Send; end: Send };
  const { write, end } = prototype;
  const leaving = new WeakMap<ClientRequest, boolean>();
  /** Asked with the first byte: headers leave with the body, and a body that is complete is answered before its end. */
  const mayLeave = (request: ClientRequest): boolean => {
    const known = leaving.get(request);
    if (known !== undefined) return known;
    const story = told.getStore();
    const call = nameOf(request.method, request.path);
    const isLeaving = story?.passes(`before ${call}`) ?? true;
    leaving.set(request, isLeaving);
    const emit = request.emit.bind(request) as (...event: unknown[]) => boolean;
    request.emit = (...event: unknown[]) =>
      event[0] !== 'response' || story === undefined || story.passes(`after ${call}`) ? emit(...event) : true;
    return isLeaving;
  };
  prototype.write = function watched(this: ClientRequest, ...args: unknown[]) {
    return mayLeave(this) ? write.apply(this, args) : true;
  };
  prototype.end = function watched(this: ClientRequest, ...args: unknown[]) {
    return mayLeave(this) ? end.apply(this, args) : this;
  };
}

function watchFetch(): void {
  const original = globalThis.fetch;
  globalThis.fetch = async (input, init) => {
    const story = told.getStore();
    if (story === undefined) return original(input, init);
    const call = nameOf(init?.method ?? 'GET', new URL(input instanceof Request ? input.url : input).pathname);
    if (!story.passes(`before ${call}`)) return silence();
    const response = await original(input, init);
    return story.passes(`after ${call}`) ? response : silence();
  };
}

/** `POST /v2/checkout/orders/…/capture`: without the ids, PayPal's of 17 characters and those of certificates. */
function nameOf(method: string, path: string): string {
  const below = path.replace(/^.*\/sandbox\/paypal/, '').replace(/\?.*$/, '');
  return `${method} ${below.replaceAll(/\/[0-9A-Z]{17}(?=\/|$)|(?<=\/certs)\/.+/g, '/…')}`;
}

function watchDatabase(): void {
  type Query = (this: pg.Client, ...args: unknown[]) => unknown;
  type Callback = (...answer: unknown[]) => void;
  const prototype = pg.Client.prototype as unknown as { query: Query };
  const { query } = prototype;
  const inTransaction = new WeakSet<pg.Client>();
  prototype.query = function watched(this: pg.Client, ...args: unknown[]) {
    const text = textOf(args[0]);
    const name = nameOfCommit(text, inTransaction.has(this));
    if (/^(BEGIN|START TRANSACTION)/i.test(text)) inTransaction.add(this);
    if (/^(COMMIT|ROLLBACK(?! TO))/i.test(text)) inTransaction.delete(this);
    const story = told.getStore();
    if (story === undefined || name === null) return query.apply(this, args);
    if (!story.passes(`before ${name}`)) return silence();
    const last = args.at(-1);
    if (typeof last !== 'function') {
      const answer = query.apply(this, args) as Promise<unknown>;
      return answer.then((result) => (story.passes(`after ${name}`) ? result : silence()));
    }
    const callback = last as Callback;
    return query.apply(this, [
      ...args.slice(0, -1),
      (...answer: unknown[]) => {
        if (story.passes(`after ${name}`)) callback(...answer);
      },
    ]);
  };
}

function textOf(query: unknown): string {
  const text = typeof query === 'object' && query !== null && 'text' in query ? query.text : query;
  return typeof text === 'string' ? text.trim() : '';
}

/** The name of a statement after which something stays; null for the others. Inside a transaction that is its COMMIT. */
function nameOfCommit(text: string, isInTransaction: boolean): string | null {
  if (/^COMMIT/i.test(text)) return 'COMMIT';
  if (isInTransaction) return null;
  const write = /^(?:INSERT INTO|UPDATE|DELETE FROM)\s+\S+|^SELECT\s+(?:graphile_worker\.|credits_)\w+/i.exec(text);
  return write?.[0].replaceAll('"', '').replaceAll(/\s+/g, ' ') ?? null;
}
