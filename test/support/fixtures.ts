import './refuse-network.ts';
import { hashCheaply } from '../../src/accounts/passwords.ts';
import { openDesk } from './cluster.ts';

hashCheaply();

let closeDesk: (() => Promise<void>) | undefined;

/** Once for a run of mocha, in its main process, however many workers it has. */
export async function mochaGlobalSetup(): Promise<void> {
  closeDesk = await openDesk();
}

export async function mochaGlobalTeardown(): Promise<void> {
  await closeDesk?.();
}
