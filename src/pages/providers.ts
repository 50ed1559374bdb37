import type { Services } from '../billing/services.ts';
import type { PaymentProvider } from '../payments/provider.ts';

/** The gateway behind the main button: the first of those that are configured. */
export function mainProvider({ providers }: Pick<Services, 'providers'>): PaymentProvider {
  const [first] = providers.values();
  if (first === undefined) throw new Error('there is no payment provider');
  return first;
}

/** As customers of that language know it: `paypal` → `PayPal`. */
export function providerNameOf({ providers }: Pick<Services, 'providers'>, name: string, locale: string): string {
  return providers.get(name)?.displayName(locale) ?? name;
}
