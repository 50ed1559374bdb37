import { X509Certificate, type KeyObject } from 'node:crypto';
import { rootCertificates } from 'node:tls';
import type { Clock } from '../../kit/clock.ts';
import { ProviderUnavailable, WebhookRejected } from '../provider-errors.ts';

/** The simulator signs with a certificate that nobody else trusts; never given outside the sandbox. */
export interface SimulatorTrust {
  /** Where the simulator serves its API, e.g. `http://127.0.0.1:3000/sandbox/paypal`. */
  baseUrl: () => string;
  /** The simulator's own root certificate, PEM. */
  rootCertificate: () => Promise<string>;
}

export interface CertificateOptions {
  clock: Clock;
  fetch: typeof fetch;
  environment: 'simulator' | 'sandbox' | 'live';
  simulator: SimulatorTrust | undefined;
}

/**
 * @throws WebhookRejected when the certificate at that address may not vouch for PayPal now
 * @throws ProviderUnavailable when it cannot be fetched now, which says nothing of it
 */
export type KeyAt = (certificateUrl: string) => Promise<KeyObject>;

const liveHosts = ['api.paypal.com', 'api-m.paypal.com'];
const sandboxHosts = ['api.sandbox.paypal.com', 'api-m.sandbox.paypal.com'];
const certificatePath = /^\/v1\/notifications\/certs\/[A-Za-z0-9_-]{1,100}$/;
const signerName = /^(?:[a-z0-9-]+\.)+paypal\.com$/i;

const fetchTimeoutMs = 5_000;
const bundleBytes = 64 * 1024;
const bundleCertificates = 6;
/** PayPal has a handful at a time. */
const cachedBundles = 16;
const cachedMs = 24 * 60 * 60 * 1000;

interface Bundle {
  chain: X509Certificate[];
  fetchedAt: number;
}

/**
 * Fetches, checks and remembers the certificates that webhooks name. The bundle is cached, the checks are not: a
 * cached certificate expires like any other.
 */
export function createCertificates(options: CertificateOptions): KeyAt {
  const { clock } = options;
  const cache = new Map<string, Promise<Bundle>>();

  async function bundleAt(url: string): Promise<Bundle> {
    const now = clock.now().getTime();
    const cached = cache.get(url);
    if (cached !== undefined) {
      const bundle = await cached;
      if (now - bundle.fetchedAt < cachedMs) return bundle;
    }
    const fetching = fetchBundle(options.fetch, url, now);
    cache.set(url, fetching);
    fetching.catch(() => cache.delete(url));
    for (const oldest of cache.keys()) {
      if (cache.size <= cachedBundles) break;
      cache.delete(oldest);
    }
    return fetching;
  }

  return async (certificateUrl) => {
    const trust = issuerOf(certificateUrl, options);
    const { chain } = await bundleAt(certificateUrl);
    const roots = trust === 'public' ? publicRoots() : [new X509Certificate(await trust.rootCertificate())];
    return checkedKey(chain, roots, clock.now());
  };
}

/** Whose certificates that address may serve, by the rules on host and path. */
function issuerOf(certificateUrl: string, options: CertificateOptions): 'public' | SimulatorTrust {
  const { environment, simulator } = options;
  if (!URL.canParse(certificateUrl)) throw rejected('CERTIFICATE_URL');
  const url = new URL(certificateUrl);
  // `href` must be what was sent: nothing may be hidden in what a URL parser tidies away.
  if (url.href !== certificateUrl) throw rejected('CERTIFICATE_URL');
  if (environment === 'simulator') {
    const base = simulator === undefined ? undefined : new URL(simulator.baseUrl());
    const path = url.pathname.slice(base?.pathname.replace(/\/$/, '').length ?? 0);
    const inside = base !== undefined && certificateUrl === `${base.href.replace(/\/$/, '')}${path}`;
    if (simulator === undefined || !inside || !certificatePath.test(path)) throw rejected('CERTIFICATE_HOST');
    return simulator;
  }
  const hosts = environment === 'live' ? liveHosts : [...liveHosts, ...sandboxHosts];
  // An origin has neither userinfo nor a default port; the path has no query after it.
  if (!hosts.some((host) => certificateUrl === `https://${host}${url.pathname}`)) throw rejected('CERTIFICATE_HOST');
  if (!certificatePath.test(url.pathname)) throw rejected('CERTIFICATE_PATH');
  return 'public';
}

async function fetchBundle(get: typeof fetch, url: string, fetchedAt: number): Promise<Bundle> {
  const text = await download(get, url);
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length === 0 || blocks.length > bundleCertificates) throw rejected('CERTIFICATE_UNREADABLE');
  try {
    return { chain: blocks.map((pem) => new X509Certificate(pem)), fetchedAt };
  } catch {
    throw rejected('CERTIFICATE_UNREADABLE');
  }
}

async function download(get: typeof fetch, url: string): Promise<string> {
  const signal = AbortSignal.timeout(fetchTimeoutMs);
  const response = await get(url, { redirect: 'manual', signal }).catch(() => {
    throw unavailable();
  });
  const { status, body } = response;
  if (status === 408 || status === 429 || status >= 500) throw unavailable();
  if (status !== 200 || body === null) throw rejected('CERTIFICATE_MISSING');
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  const stream = body as unknown as AsyncIterable<Uint8Array>;
  try {
    for await (const chunk of stream) {
      bytes += chunk.byteLength;
      if (bytes > bundleBytes) break;
      chunks.push(chunk);
    }
  } catch {
    throw unavailable();
  }
  if (bytes > bundleBytes) throw rejected('CERTIFICATE_UNREADABLE');
  return Buffer.concat(chunks).toString('latin1');
}

/** The leaf's key, if the leaf belongs to PayPal and a chain of certificates, all valid now, leads to a root. */
function checkedKey(chain: readonly X509Certificate[], roots: readonly X509Certificate[], now: Date): KeyObject {
  const [leaf, ...intermediates] = chain;
  if (leaf === undefined) throw rejected('CERTIFICATE_UNREADABLE');
  if (leaf.ca || !namesOf(leaf).some((name) => signerName.test(name))) throw rejected('CERTIFICATE_NAME');
  let current = leaf;
  for (let depth = 0; depth <= intermediates.length; depth += 1) {
    if (!isValidAt(current, now)) throw rejected('CERTIFICATE_EXPIRED');
    const root = roots.find((candidate) => issued(candidate, current));
    if (root !== undefined) {
      if (!isValidAt(root, now)) throw rejected('CERTIFICATE_EXPIRED');
      return leaf.publicKey;
    }
    const issuer = intermediates.find(
      (candidate) => candidate !== current && candidate.ca && issued(candidate, current),
    );
    if (issuer === undefined) break;
    current = issuer;
  }
  throw rejected('CERTIFICATE_CHAIN');
}

function issued(issuer: X509Certificate, certificate: X509Certificate): boolean {
  return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
}

function isValidAt(certificate: X509Certificate, now: Date): boolean {
  return Date.parse(certificate.validFrom) <= now.getTime() && now.getTime() <= Date.parse(certificate.validTo);
}

function namesOf(certificate: X509Certificate): string[] {
  const alternative = certificate.subjectAltName?.split(', ') ?? [];
  const subject = certificate.toLegacyObject().subject as { CN?: string | string[] };
  return [
    ...alternative.filter((name) => name.startsWith('DNS:')).map((name) => name.slice(4)),
    subject.CN ?? [],
  ].flat();
}

let parsedRoots: X509Certificate[] | undefined;

function publicRoots(): X509Certificate[] {
  return (parsedRoots ??= rootCertificates.map((pem) => new X509Certificate(pem)));
}

function rejected(issue: string): WebhookRejected {
  return new WebhookRejected('paypal', issue);
}

function unavailable(): ProviderUnavailable {
  return new ProviderUnavailable('paypal', 'CERTIFICATE_UNAVAILABLE');
}
