import { expect } from 'chai';
import { newId } from '../../src/kit/ids.ts';
import { call, Client, useApp } from '../support/app.ts';
import { Visitor } from '../support/visitor.ts';

interface Sample {
  name: string;
  labels: Record<string, string>;
  value: number;
}

/** Prometheus' text format 0.0.4. @throws Error at the first line that is not in it */
function parse(text: string): { samples: Sample[]; types: Map<string, string> } {
  const samples: Sample[] = [];
  const types = new Map<string, string>();
  if (!text.endsWith('\n')) throw new Error('the last line has no end');
  for (const line of text.split('\n').slice(0, -1)) {
    const type = /^# TYPE ([a-zA-Z_:][\w:]*) (counter|gauge|histogram|summary|untyped)$/.exec(line);
    if (type !== null) types.set(type[1] ?? '', type[2] ?? '');
    else if (line !== '' && !/^# HELP [a-zA-Z_:][\w:]* /.test(line)) samples.push(parseSample(line, types));
  }
  return { samples, types };
}

function parseSample(line: string, types: Map<string, string>): Sample {
  const label = String.raw`[a-zA-Z_]\w*="(?:[^"\\\n]|\\["\\n])*"`;
  const found = new RegExp(String.raw`^([a-zA-Z_:][\w:]*)(?:\{(${label}(?:,${label})*)?\})? (\S+)$`).exec(line);
  const [, name = '', labels = '', value = ''] = found ?? [];
  const known = types.has(name) || types.has(name.replace(/_(bucket|sum|count)$/, ''));
  if (found === null || !known || (Number.isNaN(Number(value)) && !/^([+-]Inf|NaN)$/i.test(value))) {
    throw new Error(`not a sample: ${line}`);
  }
  const pairs = [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, key = '', text = '']) => [key, text]);
  return { name, value: Number(value), labels: Object.fromEntries(pairs) as Record<string, string> };
}

describe('metrics', function () {
  this.timeout(60_000);
  const app = useApp();

  async function scrape(): Promise<Sample[]> {
    const response = await fetch(`${app.url}/metrics`);
    expect(response.status).to.equal(200);
    expect(response.headers.get('Content-Type')).to.match(/^text\/plain; version=0\.0\.4; charset=utf-8$/);
    return parse(await response.text()).samples;
  }

  function valueOf(samples: Sample[], name: string, labels: Record<string, string> = {}): number {
    const found = samples.find(
      (sample) => sample.name === name && Object.entries(labels).every(([key, value]) => sample.labels[key] === value),
    );
    return found?.value ?? 0;
  }

  const durations = 'plantain_http_request_duration_seconds_count';
  const routesOf = (samples: Sample[]): string[] =>
    samples
      .filter(({ name }) => name === durations)
      .map(({ labels }) => `${labels['method'] ?? ''} ${labels['route'] ?? ''} ${labels['status'] ?? ''}`);

  it('count orders by outcome, credits, jobs and webhooks, and know the queue’s depth', async () => {
    const before = await scrape();
    const customer = await Client.register(app);
    await customer.buy({ plan_code: 'pro' });
    const declined = (await customer.post('/payments/create-order', { pack_code: 'pack-500' })).body;
    await customer.approve(declined, 'decline');
    await customer.post(`/payments/orders/${declined['order_id'] as string}/capture`);
    await customer.post('/credits/consume', { amount: 7, feature_type: 'image' });
    await call(app, 'POST', '/sandbox/api/jobs/reset-quotas/run');
    await app.simulator.idle();

    const samples = await scrape();
    const grown = (name: string, labels?: Record<string, string>) =>
      valueOf(samples, name, labels) - valueOf(before, name, labels);
    expect(grown('plantain_orders_total', { outcome: 'completed' })).to.equal(1);
    expect(grown('plantain_credits_spent_total')).to.equal(7);
    expect(grown('plantain_job_runs_total', { job: 'reset-quotas', outcome: 'done' })).to.equal(1);
    expect(grown('plantain_job_duration_seconds_count', { job: 'reset-quotas' })).to.equal(1);
    expect(grown('plantain_webhooks_total', { outcome: 'stored' })).to.be.at.least(2);
    expect(samples.some(({ name, value }) => name === 'plantain_queue_depth' && value >= 0)).to.equal(true);
    expect(valueOf(samples, 'process_cpu_user_seconds_total')).to.be.above(0);
  });

  it('time each request under the full pattern of its route, whatever the answer', async () => {
    const customer = await Client.register(app);
    const order = await customer.buy({ pack_code: 'pack-500' });
    const id = order['order_id'] as string;
    await customer.get(`/payments/orders/${id}`);
    await customer.get(`/payments/orders/${newId()}`);
    await customer.get('/payments/orders?limit=0');
    await customer.post(`/payments/orders/${newId()}/capture`);
    await call(app, 'GET', '/api/v1/credits');
    await call(app, 'POST', '/webhooks/paypal', { raw: '{}' });
    const visitor = new Visitor(app);
    await visitor.register(`${newId()}@example.com`);
    for (const path of [
      '/',
      '/pricing',
      '/checkout/pro?type=yearly',
      '/checkout/packs/pack-500',
      '/checkout/nothing',
    ]) {
      await visitor.get(path);
    }
    await visitor.get('/account/orders/PL-NOT-MINE');
    await visitor.get('/admin/login');

    const seen = routesOf(await scrape());
    expect(seen).to.include.members([
      'POST /api/v1/auth/register 201',
      'POST /api/v1/payments/create-order 201',
      'POST /api/v1/payments/orders/:orderId/capture 200',
      'POST /api/v1/payments/orders/:orderId/capture 404',
      'GET /api/v1/payments/orders/:orderId 200',
      'GET /api/v1/payments/orders/:orderId 404',
      'GET /api/v1/payments/orders 400',
      'GET /api/v1 401',
      'POST /webhooks/:provider 401',
      'POST /register 303',
      'GET /|/pricing 200',
      'GET /checkout/:planCode 200',
      'GET /checkout/:planCode 404',
      'GET /checkout/packs/:packCode 200',
      'GET /account/orders/:orderNo 404',
      'GET /admin/login 200',
      'POST /sandbox/api/paypal/orders/:id/approve 200',
      'POST /sandbox/paypal/v2/checkout/orders/:id/capture 201',
      'GET /metrics 200',
    ]);
    expect(seen.join('\n')).not.to.match(/[0-9a-f]{8}-[0-9a-f]{4}|pack-500|PL-NOT|\?/);
  });

  it('stay few, however many addresses somebody makes up', async () => {
    const made = [newId(), newId(), newId()];
    const sweep = async () => {
      for (const id of made) {
        await call(app, 'GET', `/${id}`);
        await call(app, 'GET', `/api/v1/${id}`);
        await call(app, 'GET', `/api/v1/payments/${id}/${id}`);
        await call(app, 'GET', `/sandbox/paypal/v2/${id}`);
        await call(app, 'GET', `/sandbox/api/${id}`);
        await call(app, 'GET', `/admin/${id}/${id}`);
        await call(app, 'POST', `/webhooks/${id}`, { raw: '{}' });
        await call(app, 'GET', `/webhooks/${id}/${id}`);
      }
    };
    await sweep();
    const before = new Set(routesOf(await scrape()));
    made.splice(0, 3, newId(), newId(), newId());
    await sweep();
    for (const path of ['/API/v1/plans', '/Api/V1/plans', '/api/V1/nothing', '/SandBox/api/clock', '/ADMIN/login']) {
      await call(app, 'GET', path);
    }
    const added = routesOf(await scrape()).filter((route) => !before.has(route));
    expect(
      added.filter((route) => /[A-Z]/.test(route.slice(4)) || made.some((id) => route.includes(id))),
    ).to.deep.equal([]);
    expect(added.length, added.join('\n')).to.be.at.most(5);
    expect([...before].join('\n')).not.to.match(/[0-9a-f]{8}-/);
  });
});
