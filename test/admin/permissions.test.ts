import { expect } from 'chai';
import { recordActions } from '../../src/admin/actions/index.ts';
import { forms } from '../../src/admin/forms/index.ts';
import { may, permissions, readingActions, resourceIds, type ResourceId } from '../../src/admin/permissions.ts';
import { newId } from '../../src/kit/ids.ts';
import { useTestDatabase } from '../support/database.ts';
import {
  addCustomer,
  addIncident,
  addStaff,
  askForCredits,
  buy,
  orderByTransfer,
  startPanel,
  type TestPanel,
} from './harness.ts';
import { StaffClient } from './staff-client.ts';

const roles = ['owner', 'finance', 'support', 'viewer'] as const;
const builtIn = ['new', 'edit', 'delete', 'bulkDelete', 'show', 'list', 'search'];

/** Every action of every table, named by hand; `foreign`: those of other tables too, which none knows here. */
function everyAction({ foreign }: { foreign: boolean }): [ResourceId, string][] {
  return resourceIds.flatMap((id) => {
    const own = recordActions.filter(({ resource }) => foreign || resource === id).map(({ name }) => name);
    return [...new Set([...builtIn, ...own])].map((name): [ResourceId, string] => [id, name]);
  });
}

describe('what each role may do in the panel', function () {
  this.timeout(120_000);
  const database = useTestDatabase({ seeded: true });
  let panel: TestPanel;
  const clients = new Map<string, StaffClient>();
  let rows: Map<ResourceId, string>;

  before(async () => {
    panel = await startPanel(database.db, { limited: false });
    for (const role of roles) {
      const { email } = await addStaff(panel.services, role);
      clients.set(role, await StaffClient.signedIn(panel, email));
    }
    const customer = await addCustomer(panel.services);
    await buy(panel.services, customer.id, { plan: { planCode: 'pro' }, subscriptionType: 'monthly' });
    await buy(panel.services, customer.id, { packCode: 'pack-500' });
    await orderByTransfer(panel.services, customer.id, { packCode: 'pack-500' });
    await addIncident(panel.services);
    await askForCredits(panel.services, customer.id);
    await database.db.pool.query(
      `INSERT INTO credit_alerts (user_id, period_end, percent, threshold, available, monthly_quota, raised_at)
       VALUES ($1, now(), 20, 400, 400, 2000, now())`,
      [customer.id],
    );
    rows = await oneRowEach(clientOf('owner'));
  });
  after(() => panel.close());

  const clientOf = (role: string): StaffClient => {
    const client = clients.get(role);
    if (client === undefined) throw new Error(`nobody is ${role}`);
    return client;
  };
  const paths = (id: ResourceId, action: string): string[] => [
    `/api/resources/${id}/actions/${action}`,
    `/api/resources/${id}/records/${rows.get(id) ?? newId()}/${action}`,
    `/api/resources/${id}/bulk/${action}?recordIds=${rows.get(id) ?? newId()}`,
  ];

  for (const role of roles) {
    it(`answers a ${role} 403 to every call that the permission table does not open, and changes nothing`, async () => {
      const before = await contents(database.db.pool);
      const client = clientOf(role);
      // What a table does not know is unknown to everybody alike: one role walks it, at one address each.
      const actions = everyAction({ foreign: role === 'viewer' });
      for (const [id, action] of actions.filter(([resource, name]) => !may(role, resource, name))) {
        const isKnown =
          builtIn.includes(action) || recordActions.some((one) => one.resource === id && one.name === action);
        for (const path of isKnown ? paths(id, action) : paths(id, action).slice(1, 2)) {
          const answers = [await client.post(path, { reason: 'by hand', amount: 5 })];
          if (isKnown) answers.push(await client.get(path));
          for (const { status } of answers) expect(status, `${role} ${path}`).to.equal(isKnown ? 403 : 404);
        }
      }
      expect(await contents(database.db.pool)).to.deep.equal(before);
    });
  }

  it('shows every list and row to whom the table opens it, almost all to everybody, under its own name and as a page', async () => {
    expect(resourceIds.filter((id) => !may('viewer', id, 'list'))).to.deep.equal(['staff_sessions']);
    for (const role of roles) {
      for (const id of resourceIds.filter((one) => may(role, one, 'list'))) {
        const list = await clientOf(role).get(`/api/resources/${id}/actions/list`);
        expect(list.status, `${role} ${id}`).to.equal(200);
        const row = rows.get(id);
        if (row === undefined) continue;
        const show = await clientOf(role).get(`/api/resources/${id}/records/${row}/show`);
        expect(show.status, `${role} ${id}`).to.equal(200);
        expect((await clientOf(role).get(`/resources/${id}`)).status).to.equal(200);
      }
    }
  });

  it('offers buttons to those who may press them, and to nobody else', async () => {
    for (const role of roles) {
      for (const [id, row] of rows) {
        if (!may(role, id, 'show')) continue;
        const { json } = await clientOf(role).get(`/api/resources/${id}/records/${row}/show`);
        const { recordActions: offered, bulkActions } = json.record as Record<string, { name: string }[]>;
        expect(
          offered?.map(({ name }) => name).filter((name) => !may(role, id, name)),
          `${role} ${id}`,
        ).to.be.empty;
        expect(bulkActions).to.be.empty;
      }
    }
  });

  it('refuses to change anything by a call that only looks', async () => {
    for (const name of ['list', 'search']) {
      expect((await clientOf('owner').post(`/api/resources/users/actions/${name}`, {})).status).to.equal(403);
    }
  });

  it('keeps the tables of money and credits closed to everybody, the owner too', () => {
    const closed: ResourceId[] = [
      'orders',
      'payments',
      'refunds',
      'approval_requests',
      'bank_transfers',
      'credit_transactions',
      'credit_grants',
      'credit_holds',
      'credit_balances',
      'credit_alerts',
      'subscriptions',
      'incidents',
      'audit_log',
    ];
    for (const id of closed) {
      expect(permissions[id]).to.not.have.any.keys('new', 'edit', 'delete', 'bulkDelete');
      expect(forms[id]).to.equal(undefined);
    }
  });

  it('lets a viewer change nothing anywhere', () => {
    for (const [id, actions] of Object.entries(permissions)) {
      const open = Object.entries(actions).filter(([, allowed]) => allowed.includes('viewer'));
      expect(
        open.map(([name]) => name),
        id,
      ).to.satisfy((names: string[]) => names.every((name) => readingActions.includes(name)));
    }
  });

  it('takes a role away at once, in the middle of a session', async () => {
    const { id, email } = await addStaff(panel.services, 'owner', 'short lived');
    const client = await StaffClient.signedIn(panel, email);
    expect((await client.get('/api/resources/plans/actions/new')).status).to.not.equal(403);
    await database.db.pool.query(`UPDATE staff SET role = 'viewer' WHERE id = $1`, [id]);
    expect((await client.post('/api/resources/plans/actions/new', {})).status).to.equal(403);
    await database.db.pool.query(`UPDATE staff SET status = 'disabled' WHERE id = $1`, [id]);
    expect((await client.get('/api/dashboard')).status).to.equal(401);
  });
});

async function oneRowEach(owner: StaffClient): Promise<Map<ResourceId, string>> {
  const rows = new Map<ResourceId, string>();
  for (const id of resourceIds) {
    const { json } = await owner.get(`/api/resources/${id}/actions/list`);
    const [first] = json.records as { id: string }[];
    if (first !== undefined) rows.set(id, first.id);
  }
  return rows;
}

/** A fingerprint of every table, but for when somebody was last seen. */
async function contents(pool: { query(sql: string): Promise<{ rows: unknown[] }> }): Promise<unknown[]> {
  const each = resourceIds.map(
    (id) => `SELECT '${id}' AS name, md5(string_agg(row, ',' ORDER BY row)) AS sum
      FROM (SELECT (to_jsonb(t) - '${id === 'staff_sessions' ? 'last_seen_at' : ''}')::text AS row FROM ${id} t) r`,
  );
  return (await pool.query(each.join(' UNION ALL '))).rows;
}
