import type { Request, RequestHandler } from 'express';
import { Forbidden } from '../errors.ts';

const safeMethods = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Refuses unsafe requests that a browser sends on behalf of another site, for everything that is signed in by cookie.
 * Browsers say where a request comes from in Sec-Fetch-Site, older ones in Origin; what says neither is no browser.
 */
export const refuseCrossSite: RequestHandler = (req, _res, next) => {
  if (safeMethods.has(req.method) || isOwn(req)) next();
  else next(new Forbidden('This request came from another site and was refused.'));
};

function isOwn(req: Request): boolean {
  const site = req.get('Sec-Fetch-Site');
  if (site !== undefined) return site === 'same-origin' || site === 'none';
  const origin = req.get('Origin');
  if (origin === undefined) return true;
  return URL.canParse(origin) && new URL(origin).host === req.host;
}
