import { generateKeyPair, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import type { Pool } from 'pg';
import { inTransaction } from './database.ts';

/** PEM of all that the simulator signs with. */
export interface SigningKeys {
  rootCertificate: string;
  certificate: string;
  privateKey: string;
  /** The certificate's name in its address: `CERT-1f2e…`. */
  certificateId: string;
}

const names = ['rootCertificate', 'certificate', 'privateKey', 'certificateId'] as const;

/** Long enough that no turned clock outlives it. */
const years = 60;

/** The keys of this installation, made by whichever process comes first. */
export async function loadSigningKeys(pool: Pool, now: Date): Promise<SigningKeys> {
  return inTransaction(pool, async (tx) => {
    await tx.query(`SELECT pg_advisory_xact_lock(hashtext('plantain paypal simulator keys'))`);
    const { rows } = await tx.query<{ name: string; pem: string }>('SELECT name, pem FROM sandbox.paypal_keys');
    const kept = Object.fromEntries(rows.map(({ name, pem }) => [name, pem]));
    if (names.every((name) => name in kept)) return kept as unknown as SigningKeys;
    const made = await makeSigningKeys(now);
    for (const name of names) {
      await tx.query('INSERT INTO sandbox.paypal_keys (name, pem) VALUES ($1, $2)', [name, made[name]]);
    }
    return made;
  });
}

/**
 * A root of our own and a certificate below it with the name that PayPal's has, so that the client's checks run as they
 * do in earnest. The root's private key is thrown away.
 */
async function makeSigningKeys(now: Date): Promise<SigningKeys> {
  // Loaded here: a start that finds its keys in the database does without it.
  const { default: forge } = await import('node-forge');
  const [root, leaf] = await Promise.all([newKeyPair(), newKeyPair()]);
  const publicKey = (pem: string) => forge.pki.publicKeyFromPem(pem);
  const validity = { notBefore: new Date(now.getTime() - 24 * 60 * 60 * 1000), notAfter: new Date(now) };
  validity.notAfter.setUTCFullYear(now.getUTCFullYear() + years);
  const issuer = [{ name: 'commonName', value: 'Plantain PayPal simulator root' }];
  const commonName = 'messageverificationcerts.sandbox.paypal.com';

  const build = (pem: string, subject: typeof issuer, extensions: object[]): string => {
    const certificate = forge.pki.createCertificate();
    certificate.publicKey = publicKey(pem);
    // Positive and without a leading zero byte, which OpenSSL refuses.
    certificate.serialNumber = `01${randomBytes(15).toString('hex')}`;
    Object.assign(certificate.validity, validity);
    certificate.setSubject(subject);
    certificate.setIssuer(issuer);
    certificate.setExtensions(extensions);
    certificate.sign(forge.pki.privateKeyFromPem(root.privateKey), forge.md.sha256.create());
    return forge.pki.certificateToPem(certificate).replaceAll('\r', '');
  };

  return {
    rootCertificate: build(root.publicKey, issuer, [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, critical: true },
    ]),
    certificate: build(
      leaf.publicKey,
      [{ name: 'commonName', value: commonName }],
      [
        { name: 'basicConstraints', cA: false, critical: true },
        { name: 'keyUsage', digitalSignature: true, critical: true },
        { name: 'subjectAltName', altNames: [{ type: 2, value: commonName }] },
      ],
    ),
    privateKey: leaf.privateKey,
    certificateId: `CERT-${randomBytes(16).toString('hex')}`,
  };
}

function newKeyPair(): Promise<{ publicKey: string; privateKey: string }> {
  return promisify(generateKeyPair)('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
  });
}
