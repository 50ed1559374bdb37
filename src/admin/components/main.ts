import { PanelAction } from './action-page.tsx';
import { ActionHeader, Sidebar, TopBar } from './chrome.tsx';
import { PanelDashboard } from './dashboard.tsx';
import { PanelExplain } from './explain.tsx';
import { PanelForm } from './form.tsx';
import { DefaultListAction } from './list.tsx';
import { DefaultShowAction } from './record-page.tsx';
import { PanelSandbox } from './sandbox.tsx';
import { PanelCell, PanelField } from './value.tsx';

/** What AdminJS's scripts have left in the window. */
interface Page {
  AdminJS: { UserComponents: object; Application: unknown };
  createRoot(element: Element | null): { render(application: unknown): void };
}

const page = window as unknown as Page;
// By these names resources and actions ask for a component; those without `Panel` stand in for AdminJS's own.
page.AdminJS.UserComponents = {
  PanelAction,
  PanelCell,
  PanelDashboard,
  PanelExplain,
  PanelField,
  PanelForm,
  PanelSandbox,
  ActionHeader,
  DefaultListAction,
  DefaultShowAction,
  FilterDrawer: Nothing,
  Sidebar,
  TopBar,
};
page.createRoot(document.getElementById('app')).render(page.AdminJS.Application);

/** In the place of what our own components do in another way. */
function Nothing() {
  return null;
}
