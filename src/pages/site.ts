import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import express, { type Request, type Response, type Router } from 'express';
import type { User } from '../accounts/users.ts';
import type { Services } from '../billing/services.ts';
import { readDesignTokens } from '../kit/design-tokens.ts';
import { localeOf } from '../kit/http/language.ts';
import { localeNames, locales, type Locale } from '../kit/i18n.ts';
import { createTemplates } from '../kit/templates.ts';

/** What every view model says; the rest is the page's own. */
interface PageModel {
  title: string;
  description?: string;
  /** Which entry of the navigation this page belongs to. */
  section?: string;
  /** The browser loads the page again after so many seconds: how a waiting state goes on without script. */
  refreshSeconds?: number;
}

/** Renders a page in the reader's language inside the layout, and sends it. */
export type ShowPage = (
  req: Request,
  res: Response,
  view: string,
  model: PageModel & Record<string, unknown>,
  status?: number,
) => void;

const publicFolder = new URL('../../public/', import.meta.url);
const assets = {
  tokens: versioned('tokens.css'),
  styles: versioned('plantain.css'),
  script: versioned('plantain.js'),
  favicon: versioned('favicon.svg'),
};

export function createSite({ clock, settings }: Pick<Services, 'clock' | 'settings'>): ShowPage {
  const render = createTemplates();
  const { light, dark } = readDesignTokens();
  const supportAddress = addressOf(settings.mailFrom);
  return (req, res, view, model, status = 200) => {
    const locale = localeOf(res);
    const user = userOf(res);
    const site = {
      assets,
      supportAddress,
      themeColors: { light: light.surface, dark: dark.surface },
      languages: languageLinks(req, locale),
      sandbox: settings.production ? null : { now: clock.now() },
      indexed: model.section === 'pricing',
    };
    const page = { ...model, locale, user: user === null ? null : { email: user.email, name: user.name }, site };
    const body = render(view, page);
    // A signed-in page must not come back from a cache after signing out.
    res.set('Cache-Control', user === null ? 'no-cache' : 'no-store');
    res
      .status(status)
      .type('html')
      .send(render('layout', { ...page, body }));
  };
}

/** The stylesheet, script and icon. Their addresses carry their content's hash, so browsers may keep them for good. */
export function servePublicFiles(): Router {
  const router = express.Router();
  router.use(
    express.static(fileURLToPath(publicFolder), {
      index: false,
      setHeaders: (res) => {
        const isVersioned = (res.req as Request).query.v !== undefined;
        res.set('Cache-Control', isVersioned ? 'public, max-age=31536000, immutable' : 'public, max-age=3600');
      },
    }),
  );
  return router;
}

/** The signed-in customer; the sign-in middleware puts them there. */
export function userOf(res: Response): User | null {
  return (res.locals.user as User | null | undefined) ?? null;
}

/** `Plantain <billing@example.com>` → `billing@example.com`. */
export function addressOf(sender: string): string {
  return /<([^>]+)>/.exec(sender)?.[1] ?? sender;
}

/** This page in the other languages: same address, other `lang`. */
function languageLinks(req: Request, current: Locale) {
  // A form that is shown again after a mistake cannot be asked for by address.
  const [path = '/', search] = (req.method === 'GET' ? req.originalUrl : req.path).split('?', 2);
  return locales.map((code) => {
    const query = new URLSearchParams(search);
    query.set('lang', code);
    // One slash: `//host` would lead to another site.
    const href = `${path.replace(/^\/+/, '/')}?${query.toString()}`;
    return { code, name: localeNames[code], href, current: code === current };
  });
}

function versioned(file: string): string {
  const hash = createHash('sha256')
    .update(readFileSync(new URL(file, publicFolder)))
    .digest('base64url');
  return `/${file}?v=${hash.slice(0, 10)}`;
}
