import { ProviderUnavailable } from '../provider-errors.ts';

/**
 * Credentials and money orders go to this address, so another than PayPal's own must be on this machine unless
 * configuration says otherwise.
 * @returns the address without a trailing slash
 * @throws ProviderUnavailable when it may not be used
 */
export function checkedBaseUrl(base: string, allowRemote: boolean): string {
  const url = new URL(base);
  const loopback = url.hostname === 'localhost' || url.hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(url.hostname);
  if (!loopback && !allowRemote) throw new ProviderUnavailable('paypal', 'BASE_URL_NOT_ALLOWED');
  return base.replace(/\/+$/, '');
}
