import type { ErrorRequestHandler, Request, Response } from 'express';
import { RateLimited } from '../kit/errors.ts';
import { localeOf, translatorOf } from '../kit/http/language.ts';
import { localeNames, locales } from '../kit/i18n.ts';
import type { Render } from '../kit/templates.ts';
import type { DoorAssets } from './door-assets.ts';

export interface Shown {
  status?: number;
  problem?: string;
  notice?: string;
  [value: string]: unknown;
}

/** Answers with `views/admin/<view>.hbs` in the look of the door. */
export type ShowPage = (response: Response, view: string, shown?: Shown) => void;

export function doorPages({ root, render, assets }: { root: string; render: Render; assets: DoorAssets }): ShowPage {
  return (response, view, { status = 200, ...shown } = {}) => {
    const locale = localeOf(response);
    const languages = locales.map((code) => {
      const query = new URLSearchParams({ ...(shown.query as Record<string, string> | undefined), lang: code });
      return { code, name: localeNames[code], current: code === locale, href: `?${query.toString()}` };
    });
    const html = render(`admin/${view}`, { locale, assets, root, languages, ...shown });
    response.status(status).set('Cache-Control', 'no-store').send(html);
  };
}

type ShowAgain = (
  request: Request,
  response: Response,
  said: { status: number; problem: string },
) => void | Promise<void>;

/** Too many tries are told on the page that they were made on; `again` shows it with what to say. */
export function tooManyTries(again: ShowAgain): ErrorRequestHandler {
  return async (error: unknown, request, response, next) => {
    if (!(error instanceof RateLimited)) {
      next(error);
      return;
    }
    const seconds = error.retryAfterSeconds;
    response.set('Retry-After', String(seconds));
    const problem = translatorOf(response)('admin:login.too_many', { count: seconds });
    await again(request, response, { status: error.status, problem });
  };
}
