import { expect } from 'chai';
import { Redis } from 'ioredis';
import type { Browser } from 'playwright-core';
import { launchBrowser, openPage } from './browser.ts';
import { startRedis } from './redis.ts';
import type { TestRedis } from './redis.ts';
import { requireService } from './services.ts';

describe('a Redis for tests', () => {
  requireService('redis');
  let redis: TestRedis | undefined;
  before(async () => {
    redis = await startRedis();
  });
  after(() => redis?.remove());

  it('answers, goes away and comes back on the same address', async () => {
    const client = new Redis(redis?.url ?? '', {
      lazyConnect: true,
      retryStrategy: () => 20,
      maxRetriesPerRequest: null,
    });
    client.on('error', () => undefined);
    try {
      await client.connect();
      expect(await client.ping()).to.equal('PONG');
      await redis?.stop();
      await redis?.start();
      expect(await client.ping()).to.equal('PONG');
    } finally {
      client.disconnect();
    }
  });
});

describe('a browser for tests', () => {
  requireService('chromium');
  let browser: Browser | undefined;
  before(async () => {
    browser = await launchBrowser();
  });
  after(() => browser?.close());

  it('shows a page and hears its complaints', async () => {
    if (browser === undefined) throw new Error('no browser');
    const page = await openPage(browser, { width: 360 });
    await page.goto('data:text/html,<h1>Hello</h1><script>console.error("ouch")</script>');
    expect(await page.locator('h1').textContent()).to.equal('Hello');
    expect(page.complaints).to.deep.equal(['ouch']);
    expect(page.viewportSize()?.width).to.equal(360);
  });
});
