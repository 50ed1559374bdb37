export { createPaypalControlRoutes } from './control-routes.ts';
export {
  createPaypalSimulator,
  simulatorCredentials,
  type Exchange,
  type PaypalControl,
  type PaypalSimulator,
  type SimulatorOptions,
  type TrafficListener,
} from './simulator.ts';
