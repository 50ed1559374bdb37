import type { ErrorRequestHandler, RequestHandler } from 'express';
import { ZodError } from 'zod';
import type { Services } from '../billing/services.ts';
import { AppError, NotFound, RateLimited } from '../kit/errors.ts';
import { translatorOf } from '../kit/http/language.ts';
import { userOf, type ShowPage } from './site.ts';

/** Which errors have words of their own; any other is told as 400 or 500. */
const told = [400, 403, 404, 409, 413, 429, 500, 503];

/** For browsers: an address that leads nowhere. */
export const noSuchPage: RequestHandler = () => {
  throw new NotFound();
};

/** Tells what went wrong, whether money moved, and where to go; what failed on our side is logged and not shown. */
export function showErrors({ log }: Pick<Services, 'log'>, show: ShowPage): ErrorRequestHandler {
  return (error: unknown, req, res, next) => {
    if (res.headersSent) {
      next(error);
      return;
    }
    const status = statusOf(error);
    const requestId = 'id' in req && typeof req.id === 'string' ? req.id : null;
    if (status >= 500) log.error({ err: error, requestId }, 'a page failed');
    const t = translatorOf(res);
    const count = error instanceof RateLimited ? error.retryAfterSeconds : 60;
    if (status === 429) res.set('Retry-After', String(count));
    const heading = t(`errors:${status}.heading`);
    const action =
      userOf(res) === null
        ? { href: '/pricing', label: t('errors:to_pricing') }
        : { href: '/account', label: t('errors:to_account') };
    const model = { title: heading, status, heading, text: t(`errors:${status}.text`, { count }), action };
    show(req, res, 'pages/error', { ...model, requestId: status >= 500 ? requestId : null }, status);
  };
}

function statusOf(error: unknown): number {
  const status = error instanceof AppError ? error.status : error instanceof ZodError ? 400 : httpStatusOf(error);
  if (told.includes(status)) return status;
  return status >= 400 && status < 500 ? 400 : 500;
}

/** Body parsers say what they refuse by a `status` of their own. */
function httpStatusOf(error: unknown): number {
  return error instanceof Error && 'status' in error && typeof error.status === 'number' ? error.status : 500;
}
