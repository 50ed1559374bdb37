import type { ErrorRequestHandler, Request, Response } from 'express';
import type {} from 'pino-http';
import { ZodError } from 'zod';
import { AppError, PayloadTooLarge, RateLimited, ValidationFailed, type ErrorCode } from '../errors.ts';
import type { Logger } from '../logger.ts';

/** RFC 9457, with our stable `code` and the id under which the log knows the request. */
export interface ProblemDocument {
  type: string;
  title: string;
  status: number;
  detail: string;
  code: ErrorCode;
  request_id: string;
  [extra: string]: unknown;
}

/**
 * Turns whatever was thrown into the failure that the caller is told. What we did not foresee becomes a 500 that says
 * nothing of the inside.
 */
export function toAppError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  if (error instanceof ZodError) {
    return new ValidationFailed(error.issues.map(({ path, message }) => ({ path: path.join('.'), message })));
  }
  switch ((error as { type?: unknown } | null)?.type) {
    case 'entity.too.large':
      return new PayloadTooLarge(sizeOf((error as { limit?: unknown }).limit));
    case 'entity.parse.failed':
      return new ValidationFailed([{ path: '', message: 'not valid JSON' }], 'The body is not valid JSON.');
    case 'encoding.unsupported':
    case 'charset.unsupported':
    case 'request.size.invalid':
    case 'request.aborted':
      return new ValidationFailed([{ path: '', message: 'not readable' }], 'The body cannot be read.');
  }
  if (isUnreadableBody(error)) {
    return new ValidationFailed([{ path: '', message: 'not readable' }], 'The body cannot be read.');
  }
  if (error instanceof URIError) {
    return new ValidationFailed([{ path: '', message: 'not a valid address' }], 'The address cannot be decoded.');
  }
  return new AppError(500, 'internal_error', 'Something went wrong on our side. Nothing was lost; try again.', {
    cause: error,
  });
}

/** The limit that the body parser names: `102400` → `100 kB`. */
function sizeOf(bytes: unknown): string {
  if (typeof bytes !== 'number') return 'what is read here';
  const kilobytes = Math.floor(bytes / 1024);
  return kilobytes < 1024 ? `${kilobytes} kB` : `${Math.floor(kilobytes / 1024)} MB`;
}

/** What zlib says of a body that is not compressed as its header claims, as the body parser hands it on: without a type. */
function isUnreadableBody(error: unknown): boolean {
  return error instanceof Error && 'status' in error && error.status === 400 && 'code' in error;
}

export function requestIdOf(req: Request): string {
  return typeof req.id === 'string' ? req.id : '';
}

export function toProblem(error: AppError, req: Request): ProblemDocument {
  const { status, code, message: detail, errors } = error;
  return {
    type: `urn:plantain:problem:${code}`,
    title: titleOf(code),
    status,
    detail,
    code,
    request_id: requestIdOf(req),
    ...error.extra,
    ...(errors === undefined ? {} : { errors }),
  };
}

/** `insufficient_credits` → `Insufficient credits` */
function titleOf(code: string): string {
  const words = code.replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

export function sendProblem(req: Request, res: Response, error: AppError): void {
  if (error instanceof RateLimited) res.set('Retry-After', String(error.retryAfterSeconds));
  if (error.status === 401) res.set('WWW-Authenticate', 'Bearer');
  res
    .status(error.status)
    .type('application/problem+json')
    .send(JSON.stringify(toProblem(error, req)));
}

/** The last handler of the JSON routes. */
export function problemHandler(log: Logger): ErrorRequestHandler {
  return (thrown, req, res, next) => {
    const error = toAppError(thrown);
    logUnforeseen(log, req, error);
    if (res.headersSent) {
      next(thrown);
      return;
    }
    sendProblem(req, res, error);
  };
}

/** A failure of ours is an error in the log; a caller's mistake is not. */
export function logUnforeseen(log: Logger, req: Request, error: AppError): void {
  if (error.status < 500) return;
  log.error(
    { err: error.cause ?? error, request_id: requestIdOf(req), path: req.baseUrl + req.path },
    'a request failed',
  );
}
