import { chromium } from 'playwright-core';
import type { Browser, Page } from 'playwright-core';
import { programOf } from './services.ts';

/** Chromium itself is no part of the guard on this process's sockets, so it is told that only loopback has a name. */
const args = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-dev-shm-usage',
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost',
];

/** Debian's Chromium, headless. Close it in an `after`. */
export async function launchBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: programOf('chromium'), args, timeout: 60_000 });
}

/**
 * A page in a context of its own (cookies, language), wide unless told otherwise, which collects what the page.s
 * own scripts and the content security policy complain about.
 */
export async function openPage(
  browser: Browser,
  { width = 1440, height = 900, locale = 'en' }: { width?: number; height?: number; locale?: string } = {},
): Promise<Page & { complaints: string[] }> {
  const context = await browser.newContext({ viewport: { width, height }, locale });
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  return Object.assign(page, { complaints });
}
