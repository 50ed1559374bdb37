export { createPaypalControlRoutes } from './control-routes.ts';
export { createPaypalSimulator, simulatorCredentials, type Exchange, type PaypalSimulator } from './simulator.ts';
