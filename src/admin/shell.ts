import type { default as AdminJS, CurrentAdmin } from 'adminjs';
import type { AssetStore } from './assets.ts';

export interface ShellParts {
  admin: AdminJS;
  assets: AssetStore;
  initializeStore: (admin: AdminJS, currentAdmin: CurrentAdmin) => Promise<{ getState(): object }>;
  themes: Record<'light' | 'dark', object>;
}

export type RenderShell = (currentAdmin: CurrentAdmin, nonce: string) => Promise<string>;

/**
 * The page that the panel's scripts run in. AdminJS's own puts its state into inline script, where a name that
 * contains `</script>` would end it, and loads a font from Google; this one needs no inline script at all.
 */
export function createShell({ admin, assets, initializeStore, themes }: ShellParts): RenderShell {
  // All but the session depends on role and language only.
  const states = new Map<string, Promise<object>>();
  return async (currentAdmin, nonce) => {
    const key = `${String(currentAdmin['role'])} ${String(currentAdmin['locale'])}`;
    const state = states.get(key) ?? initializeStore(admin, currentAdmin).then((store) => store.getState());
    states.set(key, state);
    state.catch(() => states.delete(key));
    const page = { state: { ...(await state), session: currentAdmin }, themes };
    return html(page, String(currentAdmin['locale']), nonce, assets);
  };
}

function html(page: object, locale: string, nonce: string, assets: AssetStore): string {
  return `<!doctype html>
<html lang="${locale}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>Plantain</title>
<link rel="icon" type="image/svg+xml" href="${assets.url('logo.svg')}">
<link rel="stylesheet" href="${assets.url('panel.css')}">
<script type="application/json" id="page">${embed(page)}</script>
<script src="${assets.url('boot.js')}" nonce="${nonce}"></script>
<script src="${assets.url('global.js')}"></script>
<script src="${assets.url('design-system.js')}"></script>
<script src="${assets.url('app.js')}"></script>
</head>
<body>
<div id="app"></div>
<script src="${assets.url('main.js')}"></script>
</body>
</html>
`;
}

/** JSON that no text in it can end. */
function embed(value: object): string {
  return JSON.stringify(value).replace(/[<>&\u2028\u2029]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}
