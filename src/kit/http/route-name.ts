import type { Express, IRoute, Request } from 'express';

const current = Symbol('route');
const name = Symbol('route name');

interface Named extends Request {
  [current]?: IRoute;
  [name]?: string;
}

/**
 * Makes every request of the app remember the full pattern of its route. A router that is left, by an error for one,
 * takes its part of `baseUrl` along, so this is written down when Express sets `req.route`.
 */
export function nameRoutes(app: Express): void {
  Object.defineProperty(app.request, 'route', {
    configurable: true,
    get(this: Named) {
      return this[current];
    },
    set(this: Named, route: IRoute) {
      this[current] = route;
      this[name] = mountOf(this) + [route.path].flat().join('|');
    },
  });
}

/** `/api/v1/payments/orders/:orderId`, never with an id in it; `unmatched` where no route was reached. */
export function routeNameOf(req: Request): string {
  return (req as Named)[name] ?? (mountOf(req) || 'unmatched');
}

/** Mount paths match in any letter case, and `baseUrl` is what was asked for. */
function mountOf({ baseUrl }: Request): string {
  return baseUrl.toLowerCase();
}
