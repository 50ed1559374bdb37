import { expect } from 'chai';
import { useTestDatabase } from '../support/database.ts';
import { addCustomer, addStaff, buy, startPanel, type TestPanel } from './harness.ts';
import { StaffClient } from './staff-client.ts';

describe('plans, prices and staff in the panel', function () {
  this.timeout(60_000);
  const database = useTestDatabase({ seeded: true });
  let panel: TestPanel;
  let owner: StaffClient;
  let ownerId: string;

  before(async () => {
    panel = await startPanel(database.db, { limited: false });
    const staff = await addStaff(panel.services, 'owner', 'Olive Owner');
    ownerId = staff.id;
    owner = await StaffClient.signedIn(panel, staff.email);
    await panel.warmUp();
  });
  after(() => panel.close());

  const sql = async <Row>(statement: string, ...values: unknown[]) =>
    (await database.db.pool.query(statement, values)).rows as Row[];
  const audited = (subjectId: string) =>
    sql<{ action: string; before: object; after: object }>(
      'SELECT action, before, after FROM audit_log WHERE subject_id = $1 ORDER BY id',
      subjectId,
    );
  const idOf = (json: Record<string, unknown>) => (json.record as { id: string }).id;

  const plan = {
    planCode: 'team',
    names: { en: 'Team', 'zh-CN': '团队版' },
    descriptions: { en: 'For all of you', 'zh-CN': '' },
    features: [{ key: 'seats', included: true, label: { en: 'Ten seats', 'zh-CN': '十个席位' } }],
    creditsMonthly: 5000,
    rollover: 'none',
    rolloverCap: null,
    featurePrices: [] as { feature: unknown; credits: unknown }[],
    alertPercents: [20, 5, 0],
    isPopular: false,
    isActive: true,
    sortOrder: 9,
  };

  it('adds a plan and changes it, with what changed in the audit log', async () => {
    const made = await owner.post('/api/resources/plans/actions/new', plan);
    expect(made.status, made.text).to.equal(200);
    const id = idOf(made.json);
    const terms: Partial<typeof plan> = { ...plan };
    delete terms.planCode;
    const path = `/api/resources/plans/records/${id}/edit`;
    expect((await owner.post(path, terms)).status).to.equal(200);
    expect(
      (await owner.post(path, { ...terms, creditsMonthly: 6000, names: { en: 'Teams', 'zh-CN': '团队版' } })).status,
    ).to.equal(200);
    const [created, changed, ...more] = await audited(id);
    expect(more, 'a form saved without a change is no change').to.be.empty;
    expect(created?.action).to.equal('plan.create');
    expect(changed).to.deep.equal({
      action: 'plan.change',
      before: { names: { en: 'Team', 'zh-CN': '团队版' }, creditsMonthly: 5000 },
      after: { names: { en: 'Teams', 'zh-CN': '团队版' }, creditsMonthly: 6000 },
    });
    const [row] = await sql('SELECT plan_code, names, descriptions, credits_monthly FROM plans WHERE id = $1', id);
    expect(row).to.deep.equal({
      plan_code: 'team',
      names: { en: 'Teams', 'zh-CN': '团队版' },
      descriptions: { en: 'For all of you' },
      credits_monthly: 6000,
    });
    expect((await owner.post('/api/resources/plans/actions/new', plan)).status, 'the code is taken').to.equal(409);
    expect((await owner.post(path, { ...terms, planCode: 'other' })).status, 'a code never changes').to.equal(400);
  });

  it('says field by field what is wrong with a plan', async () => {
    const wrong = {
      ...plan,
      planCode: 'Not A Code',
      names: { en: ' ' },
      creditsMonthly: 1.5,
      rollover: 'capped',
      features: [{ key: 'a', included: 'yes', label: { en: 'A' } }],
    };
    const { status, json } = await owner.post('/api/resources/plans/actions/new', wrong);
    expect(status).to.equal(400);
    const paths = (json.errors as { path: string }[]).map(({ path }) => path);
    expect(paths).to.include.members(['planCode', 'names.en', 'creditsMonthly', 'features.0.included']);
  });

  it('keeps a price list and thresholds, says what changed of them, and shows them', async () => {
    const made = await owner.post('/api/resources/plans/actions/new', { ...plan, planCode: 'listed' });
    const id = idOf(made.json);
    const terms: Partial<typeof plan> = { ...plan };
    delete terms.planCode;
    const path = `/api/resources/plans/records/${id}/edit`;
    const edit = async (changes: object) => {
      const answer = await owner.post(path, { ...terms, ...changes });
      expect(answer.status, answer.text).to.equal(200);
      const [row] = await sql('SELECT feature_prices, alert_percents FROM plans WHERE id = $1', id);
      return row;
    };
    const list = [
      { feature: ' image ', credits: 2 },
      { feature: '__proto__', credits: 1_000_000_000 },
    ];
    const prices = JSON.parse('{"image": 2, "__proto__": 1000000000}') as object;
    expect(await edit({ featurePrices: list, alertPercents: [0, 50, 50, 10] })).to.deep.equal({
      feature_prices: prices,
      alert_percents: [50, 10, 0],
    });
    const { json } = await owner.get(`/api/resources/plans/records/${id}/show`);
    const { params } = json.record as { params: Record<string, string> };
    expect(JSON.parse(params['featurePrices'] ?? '')).to.deep.equal(prices);
    expect(params['alertPercents']).to.equal('[50,10,0]');
    expect(await edit({ featurePrices: [], alertPercents: [] })).to.deep.equal({
      feature_prices: null,
      alert_percents: [],
    });
    const changes = (await audited(id)).slice(1).map(({ before, after }) => ({ before, after }));
    const [without, withList] = [
      { featurePrices: null, alertPercents: [20, 5, 0] },
      { featurePrices: prices, alertPercents: [50, 10, 0] },
    ];
    expect(changes).to.deep.equal([
      { before: without, after: withList },
      { before: withList, after: { featurePrices: null, alertPercents: [] } },
    ]);
  });

  it('says in the reader’s language what is wrong with a price list or a threshold', async () => {
    const lists: [object, string, string][] = [
      [{ featurePrices: [{ feature: ' ', credits: 1 }] }, 'featurePrices.0.feature', '字符'],
      [{ featurePrices: [{ feature: 'a\nb', credits: 1 }] }, 'featurePrices.0.feature', '换行'],
      [{ featurePrices: [{ feature: 'x'.repeat(101), credits: 1 }] }, 'featurePrices.0.feature', '100'],
      ...[0, -1, 1.5, 1_000_000_001, null, '5'].map((credits): [object, string, string] => [
        { featurePrices: [{ feature: 'image', credits }] },
        'featurePrices.0.credits',
        '1,000,000,000',
      ]),
      [
        {
          featurePrices: [
            { feature: 'image', credits: 1 },
            { feature: 'image ', credits: 2 },
          ],
        },
        'featurePrices',
        '一次',
      ],
      [
        { featurePrices: Array.from({ length: 101 }, (_, nth) => ({ feature: `f${nth}`, credits: 1 })) },
        'featurePrices',
        '100',
      ],
      ...[100, -1, 2.5, null].map((percent): [object, string, string] => [
        { alertPercents: [20, percent] },
        'alertPercents.1',
        '99',
      ]),
      [{ alertPercents: Array.from({ length: 11 }, (_, nth) => nth) }, 'alertPercents', '10'],
    ];
    for (const [wrong, path, words] of lists) {
      const body = { ...plan, planCode: 'wrong', ...wrong };
      for (const [lang, own] of [
        ['en', /^[A-Z][^\p{Script=Han}]+\.$/u],
        ['zh-CN', /\p{Script=Han}.*。$/u],
      ] as const) {
        const { status, json } = await owner.post(`/api/resources/plans/actions/new?lang=${lang}`, body);
        expect(status, JSON.stringify(wrong)).to.equal(400);
        const [error, ...more] = json.errors as { path: string; message: string }[];
        expect(more).to.deep.equal([]);
        expect(error?.path).to.equal(path);
        expect(error?.message).to.match(own);
        if (lang === 'zh-CN') expect(error?.message).to.include(words);
      }
    }
    expect(await sql(`SELECT FROM plans WHERE plan_code = 'wrong'`)).to.be.empty;
  });

  it('puts a new price in the place of the one on sale, and customers keep what they bought', async () => {
    const customer = await addCustomer(panel.services);
    await buy(panel.services, customer.id, { plan: { planCode: 'pro' }, subscriptionType: 'monthly' });
    const [old] = await sql<{ id: string; plan_id: string }>(
      `SELECT p.id, plan_id FROM plan_prices p JOIN plans ON plans.id = plan_id
       WHERE plan_code = 'pro' AND subscription_type = 'monthly' AND currency = 'USD' AND p.is_active`,
    );
    const body = { planId: old?.plan_id, subscriptionType: 'monthly', amount: '34.99', currency: 'USD' };
    const made = await owner.post('/api/resources/plan_prices/actions/new', body);
    expect(made.status, made.text).to.equal(200);
    const rows = await sql(
      `SELECT amount_minor, is_active FROM plan_prices
       WHERE plan_id = $1 AND subscription_type = 'monthly' AND currency = 'USD' ORDER BY created_at`,
      old?.plan_id,
    );
    expect(rows).to.deep.equal([
      { amount_minor: 2999, is_active: false },
      { amount_minor: 3499, is_active: true },
    ]);
    const [subscription] = await sql('SELECT price_id FROM subscriptions WHERE user_id = $1', customer.id);
    expect(subscription).to.deep.equal({ price_id: old?.id });
    const [entry] = await audited(idOf(made.json));
    expect(entry?.before).to.include({ amount: '29.99', price: old?.id });
    expect(entry?.after).to.include({ amount: '34.99' });
  });

  it('says who stays at a price, on its plan and before it is taken off sale', async () => {
    const [old] = await sql<{ id: string; plan_id: string }>(
      `SELECT p.id, plan_id FROM plan_prices p JOIN plans ON plans.id = plan_id
       WHERE plan_code = 'pro' AND subscription_type = 'monthly' AND currency = 'USD' AND NOT p.is_active`,
    );
    const shown = await owner.get(`/api/resources/plans/records/${old?.plan_id ?? ''}/show`);
    const { params } = shown.json.record as { params: Record<string, string> };
    const prices = JSON.parse(params['prices'] ?? '[]') as Record<string, unknown>[];
    const monthly = prices.filter((one) => one['subscriptionType'] === 'monthly' && one['currency'] === 'USD');
    expect(monthly.map(({ amountMinor, isActive, holders }) => ({ amountMinor, isActive, holders }))).to.deep.equal([
      { amountMinor: 3499, isActive: true, holders: 0 },
      { amountMinor: 2999, isActive: false, holders: 1 },
    ]);
    const customer = await addCustomer(panel.services);
    await buy(panel.services, customer.id, { plan: { planCode: 'pro' }, subscriptionType: 'monthly' });
    const [on] = await sql<{ price_id: string }>('SELECT price_id FROM subscriptions WHERE user_id = $1', customer.id);
    const preview = await owner.get(`/api/resources/plan_prices/records/${on?.price_id ?? ''}/archive`);
    const facts = (preview.json.record as { params: { preview: string } }).params.preview;
    expect(JSON.parse(facts)).to.deep.equal({ holders: 1 });
  });

  it('never edits a price, neither by the panel nor by the database', async () => {
    const [sold] = await sql<{ id: string }>('SELECT price_id AS id FROM orders WHERE price_id IS NOT NULL LIMIT 1');
    const id = sold?.id ?? '';
    expect((await owner.post(`/api/resources/plan_prices/records/${id}/edit`, { amount: '1.00' })).status).to.equal(
      403,
    );
    const edit = sql('UPDATE plan_prices SET amount_minor = 1 WHERE id = $1', id);
    expect(await edit.catch((error: unknown) => String(error))).to.include('never changes');
  });

  it('archives a price once, with a reason', async () => {
    const [price] = await sql<{ id: string }>(
      `SELECT id FROM plan_prices WHERE subscription_type = 'lifetime' AND currency = 'USD' AND is_active`,
    );
    const path = `/api/resources/plan_prices/records/${price?.id ?? ''}/archive`;
    expect((await owner.post(path, {})).status).to.equal(400);
    expect((await owner.post(path, { reason: 'too cheap' })).status).to.equal(200);
    expect((await owner.post(path, { reason: 'too cheap' })).status).to.equal(409);
    expect(await sql('SELECT is_active FROM plan_prices WHERE id = $1', price?.id)).to.deep.equal([
      { is_active: false },
    ]);
    expect((await audited(price?.id ?? '')).map(({ action }) => action)).to.deep.equal(['price.archive']);
  });

  it('takes amounts in the decimals of their currency, and nothing else', async () => {
    const [row] = await sql<{ id: string }>(`SELECT id FROM plans WHERE plan_code = 'basic'`);
    const offer = (amount: unknown, currency = 'USD') =>
      owner.post('/api/resources/plan_prices/actions/new', {
        planId: row?.id,
        subscriptionType: 'monthly',
        amount,
        currency,
      });
    for (const amount of ['0', '0.00', '-1', '9.999', '1e3', '', 'ten', 9.99, '99999999999999999']) {
      expect((await offer(amount)).status, String(amount)).to.equal(400);
    }
    expect((await offer('1500.5', 'JPY')).status).to.equal(400);
    expect((await offer('1500', 'JPY')).status).to.equal(200);
    expect((await offer('10.00', 'usd')).status).to.equal(400);
    const untakable = await offer('10.000', 'KWD');
    expect(untakable.status, 'no gateway takes it').to.equal(400);
    expect(untakable.json.errors).to.deep.equal([{ path: 'amount', message: 'PayPal does not take KWD.' }]);
  });

  it('invites staff, changes their role, and keeps one owner', async () => {
    const body = { email: 'vera@plantain.test', name: 'Vera', role: 'viewer', locale: 'en' };
    const made = await owner.post('/api/resources/staff/actions/new', body);
    expect(made.status, made.text).to.equal(200);
    const id = idOf(made.json);
    const change = { name: 'Vera V.', role: 'support', status: 'invited', locale: 'zh-CN' };
    expect((await owner.post(`/api/resources/staff/records/${id}/edit`, change)).status).to.equal(200);
    expect((await owner.post('/api/resources/staff/actions/new', body)).status, 'the address is taken').to.equal(409);
    const demote = { name: 'Olive Owner', role: 'viewer', status: 'active', locale: 'en' };
    expect((await owner.post(`/api/resources/staff/records/${ownerId}/edit`, demote)).status).to.equal(409);
    expect((await audited(id)).map(({ action, before, after }) => ({ action, before, after }))).to.deep.equal([
      { action: 'staff.invite', before: null, after: body },
      {
        action: 'staff.change',
        before: { name: 'Vera', role: 'viewer', status: 'invited', locale: 'en' },
        after: change,
      },
    ]);
  });
});
