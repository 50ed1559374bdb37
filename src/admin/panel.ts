import type { ActionRequest } from 'adminjs';
import type { Router } from 'express';
import type { Services } from '../billing/services.ts';
import { readDesignTokens } from '../kit/design-tokens.ts';
import { countPendingApprovals } from '../approvals/approvals.ts';
import { recordActions } from './actions/index.ts';
import type { SandboxPanel } from '../sandbox/panel-controls.ts';
import { AssetStore } from './assets.ts';
import { readDashboard } from './dashboard.ts';
import { countRecordedTransfers } from '../payments/bank-transfers.ts';
import { countOpenIncidents } from './incident-subjects.ts';
import { panelLocale } from './locale.ts';
import { panelAssets } from './panel-assets.ts';
import { toResource } from './panel-options.ts';
import { panelRouter, type PanelParts } from './panel-router.ts';
import { resources } from './resources/index.ts';
import { search } from './search/search.ts';
import { createShell } from './shell.ts';
import { panelFont, panelTheme } from './theme.ts';

/**
 * Makes AdminJS ready: about a second, most of it the import of AdminJS with the bundlers that it carries and we do not
 * use. So this module is imported when the panel is first needed, or warmed up in the background.
 */
export async function loadPanel(services: Services, root: string, sandbox: SandboxPanel | undefined): Promise<Router> {
  const [{ AdminJS, ApiController, initializeStore }, { combineStyles }, files] = await Promise.all([
    import('adminjs'),
    import('@adminjs/design-system'),
    panelAssets(),
  ]);
  const assets = new AssetStore(root);
  assets.add(files);
  const admin = new AdminJS({
    rootPath: root,
    loginPath: `${root}/login`,
    logoutPath: `${root}/logout`,
    resources: resources.map((spec) => toResource(spec, recordActions, services)),
    branding: { companyName: 'Plantain', logo: assets.url('logo.svg'), withMadeWithLove: false },
    dashboard: {
      component: 'PanelDashboard',
      handler: (request: ActionRequest) => readDashboard(services, request.query),
    },
    pages: sandbox === undefined ? {} : { sandbox: { component: 'PanelSandbox', icon: 'Box' } },
    locale: panelLocale,
    settings: { defaultPerPage: 20 },
  });
  const palettes = readDesignTokens();
  const themes = {
    light: { ...combineStyles(panelTheme(palettes.light, 'light')), font: panelFont },
    dark: { ...combineStyles(panelTheme(palettes.dark, 'dark')), font: panelFont },
  };
  const renderShell = createShell({ admin, assets, initializeStore, themes });
  const countWaiting = async () => ({
    incidents: await countOpenIncidents(services),
    bank_transfers: await countRecordedTransfers(),
    approval_requests: await countPendingApprovals(services.clock.now()),
  });
  const find: PanelParts['find'] = (role, typed) => search(services, role, typed);
  return panelRouter({ admin, assets, Api: ApiController, renderShell, countWaiting, find, sandbox });
}
