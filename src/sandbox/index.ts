import { Router } from 'express';
import type { Services } from '../billing/services.ts';
import type { AdjustableClock } from '../kit/clock.ts';
import type { ShowPage } from '../pages/site.ts';
import { ClockControl } from './clock.ts';
import { createSandboxRoutes } from './control-routes.ts';
import type { Mailbox } from './mailbox.ts';
import { sandboxPages } from './pages.ts';
import { createPanelControls, type SandboxPanel } from './panel-controls.ts';
import { createPaypalControlRoutes, type PaypalSimulator } from './paypal/index.ts';

/** What stands in for the outside world, each part under its own address. */
export interface Sandbox {
  /** PayPal's own API and approval page, `/sandbox/paypal`. */
  paypal: Router;
  /** For people's pages and tests alike, `/sandbox/api`. */
  api: Router;
  /** `/sandbox`, in the look of the customer pages. */
  pages: (show: ShowPage) => Router;
  /** For the staff panel. */
  panel: SandboxPanel;
}

export function createSandbox(
  services: Services,
  parts: { clock: AdjustableClock; mailbox: Mailbox; simulator: PaypalSimulator },
): Sandbox {
  const { mailbox, simulator } = parts;
  const clock = new ClockControl(services, parts.clock);
  const api = Router();
  api.use('/paypal', createPaypalControlRoutes(simulator.control));
  api.use(createSandboxRoutes(services, clock, mailbox));
  return {
    paypal: simulator.router,
    api,
    pages: (show) => sandboxPages({ show, clock, mailbox, control: simulator.control }),
    panel: createPanelControls(services, { clock, mailbox, control: simulator.control }),
  };
}
