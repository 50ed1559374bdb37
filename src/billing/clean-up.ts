import { deleteStaleRefreshTokens } from '../accounts/refresh-tokens.ts';
import type { Services } from './services.ts';

/** Forgets what nobody can use any more. */
export async function cleanUp({ clock }: Services): Promise<{ refreshTokens: number }> {
  return { refreshTokens: await deleteStaleRefreshTokens(clock.now()) };
}
