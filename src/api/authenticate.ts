import type { Request, RequestHandler } from 'express';
import type { ApiKeyIdentity, ApiKeys, Scope } from '../accounts/api-keys.ts';
import { findUser, type User } from '../accounts/users.ts';
import type { Services } from '../billing/services.ts';
import { Forbidden, NotFound, Unauthenticated, ValidationFailed } from '../kit/errors.ts';
import { uuid } from '../kit/http/validate.ts';

export type Caller = { kind: 'user'; userId: string } | { kind: 'api_key'; key: ApiKeyIdentity };

const callers = new WeakMap<Request, Caller>();

/** Tells who is calling from the Authorization header: an access token, or an API key. @throws Unauthenticated */
export type Identify = (authorization: string | undefined) => Caller | Promise<Caller>;

export function createIdentify({ accessTokens, clock }: Services, apiKeys: ApiKeys): Identify {
  return (authorization) => {
    const credential = /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1];
    if (credential === undefined) throw new Unauthenticated();
    if (!credential.startsWith('pk_')) return { kind: 'user', userId: accessTokens.verify(credential) };
    return apiKeys.authenticate(credential, clock.now()).then((key) => ({ kind: 'api_key', key }));
  };
}

/** @throws Unauthenticated */
export function authenticate(identify: Identify): RequestHandler {
  return async (req, _res, next) => {
    callers.set(req, await identify(req.headers.authorization));
    next();
  };
}

export function callerOf(req: Request): Caller {
  const caller = callers.get(req);
  if (caller === undefined) throw new Unauthenticated();
  return caller;
}

/** For limits and the ledger: `user`, or `api_key:<id>`. */
export function actorOf(caller: Caller): string {
  return caller.kind === 'user' ? 'user' : `api_key:${caller.key.id}`;
}

/**
 * Whose data the call is about: a key names the user, a token means its own.
 * @throws ValidationFailed, Forbidden (missing scope, somebody else's id)
 */
export function subjectOf(req: Request, scope: Scope, userId: unknown): string {
  return subjectFor(callerOf(req), scope, userId);
}

/** @throws as subjectOf */
export function subjectFor(caller: Caller, scope: Scope, userId: unknown): string {
  if (caller.kind === 'user') {
    if (userId !== undefined && userId !== caller.userId) throw new Forbidden('A token speaks for its own user only.');
    return caller.userId;
  }
  if (!caller.key.scopes.has(scope)) throw lacking(scope);
  const parsed = uuid.safeParse(userId);
  if (!parsed.success) throw new ValidationFailed([{ path: 'user_id', message: 'name the user by their id' }]);
  return parsed.data;
}

/** The API key that calls, where a token cannot: one call for many users. @throws Forbidden (a token, missing scope) */
export function apiKeyWith(req: Request, scope: Scope): Caller {
  const caller = callerOf(req);
  if (caller.kind !== 'api_key') throw new Forbidden('This call takes an API key, not a user’s access token.');
  if (!caller.key.scopes.has(scope)) throw lacking(scope);
  return caller;
}

/** The signed-in customer; API keys are not customers. @throws Forbidden (a key, or suspended), Unauthenticated */
export async function customerOf(req: Request): Promise<User> {
  const caller = callerOf(req);
  if (caller.kind !== 'user') throw new Forbidden('This call takes a user’s access token, not an API key.');
  const user = await findUser(caller.userId);
  if (user === null) throw new Unauthenticated('The access token is not valid.');
  refuseInactive(user);
  return user;
}

/** The user that a key or a token names, for reading. @throws as subjectOf, NotFound */
export async function readableUser(req: Request, scope: Scope, userId: unknown): Promise<User> {
  const id = subjectOf(req, scope, userId);
  const user = await findUser(id);
  if (user === null || user.status === 'deleted') throw new NotFound('There is no such user.');
  if (callerOf(req).kind === 'user') refuseInactive(user);
  return user;
}

function lacking(scope: Scope): Forbidden {
  return new Forbidden(`This API key lacks the scope ${scope}.`);
}

function refuseInactive(user: User): void {
  if (user.status !== 'active') throw new Forbidden('This account is suspended. Write to us to have it looked at.');
}
