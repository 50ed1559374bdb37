import type { RequestHandler, Response } from 'express';
import { defaultLocale, locales, matchLocale, translator, type Locale, type Translate } from '../i18n.ts';

const cookieName = 'plantain.lang';
const cookieMaxAgeMs = 365 * 24 * 3600 * 1000;

/**
 * Decides the language of an answer: `?lang=`, then the cookie that an earlier `?lang=` left, then the account's, then
 * what the browser asks for. `accountLocale` is asked once per request, after the session is known.
 */
export function chooseLanguage(accountLocale: (res: Response) => string | undefined): RequestHandler {
  return (req, res, next) => {
    const asked = matchLocale(typeof req.query.lang === 'string' ? req.query.lang : undefined);
    if (asked !== undefined) {
      res.cookie(cookieName, asked, { maxAge: cookieMaxAgeMs, sameSite: 'lax', httpOnly: true, path: '/' });
    }
    const remembered = /(?:^|;\s*)plantain\.lang=([\w-]+)/.exec(req.headers.cookie ?? '')?.[1];
    const locale =
      asked ?? matchLocale(remembered) ?? matchLocale(accountLocale(res)) ?? preferred(req.acceptsLanguages());
    res.locals.locale = locale;
    res.set('Content-Language', locale);
    res.vary('Accept-Language').vary('Cookie');
    next();
  };
}

function preferred(tags: string[]): Locale {
  for (const tag of tags) {
    const locale = matchLocale(tag);
    if (locale !== undefined) return locale;
  }
  return defaultLocale;
}

/** The language that was decided for this answer; English where nobody decided. */
export function localeOf(res: Response): Locale {
  const locale: unknown = res.locals.locale;
  return locales.find((known) => known === locale) ?? defaultLocale;
}

export function translatorOf(res: Response): Translate {
  return translator(localeOf(res));
}
