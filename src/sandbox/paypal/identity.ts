/**
 * Who is who at the simulator. Nothing here is secret: it listens on loopback, outside production, and no money moves.
 */
export const simulatorCredentials = {
  clientId: 'plantain-simulator-client',
  clientSecret: 'plantain-simulator-secret',
  webhookId: 'PLANTAINSIMULATORWEBHOOK1',
} as const;

/** The account that is paid. PayPal's account ids avoid 0, 1, I and O. */
export const merchant = { email_address: 'merchant@simulator.example', merchant_id: 'SMERCHANT2345' } as const;

/** The account that pays. */
export const buyer = {
  payer_id: 'SBUYER2345678',
  email_address: 'buyer@simulator.example',
  name: { given_name: 'Bea', surname: 'Buyer' },
  address: { country_code: 'US' },
} as const;
