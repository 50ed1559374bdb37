import { expect } from 'chai';
import { reconcile } from '../../src/billing/reconcile.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { expectBalancedBooks } from '../support/books.ts';
import { flows, type Flow, type Scene } from './flows.ts';
import { startProcess, type OtherProcess } from './other-process.ts';
import { recover, unfinished } from './recover.ts';
import { Shop } from './shop.ts';

/**
 * A process does one step for many customers and is held at another point of it for each of them; then it is killed.
 * What it leaves behind, the system has to bring to its end.
 */
describe('a process that is killed', function () {
  this.timeout(120_000);
  const found: string[] = [];
  let app: TestApp;
  let shop: Shop;
  let next: ReturnType<typeof startProcess>;

  before(async () => {
    next = startProcess();
    app = await startApp({ worker: false });
    shop = await Shop.open(app);
  });
  after(async () => {
    console.log(`    points at which a process was killed: ${found.join(', ')}`);
    await (await (await next).join(app)).kill();
    await app.close();
  });

  for (const flow of flows) {
    it(`at any point of ${flow.name} leaves what comes to its one right end`, async () => {
      const victim = await (await next).join(app);
      next = startProcess();
      const points = await pointsOf(victim, flow);
      found.push(`${points.length} in ${flow.name}`);
      const held = await holdAtEach(victim, flow, points);
      await victim.kill();
      for (const { scene, asked } of held) if (asked) await scene.askAgain();
      await recover(app);
      expect(await unfinished(app)).to.deep.equal([]);
      for (const { scene, asked, passed } of held) {
        const where = `killed ${passed.at(-1) ?? ''} (point ${passed.length})${asked ? ', asked again' : ''}`;
        expect(await shop.endsOf(scene), where).to.deep.equal(flow.ends(asked, passed));
      }
      await expectBalancedBooks(app.services);
    });
  }

  it('leaves nothing that the gateway sees otherwise', async () => {
    expect(await reconcile(app.services)).to.include({ differences: 0, left: 0 });
  });

  /** By a run that nobody disturbs. */
  async function pointsOf(process: OtherProcess, flow: Flow): Promise<string[]> {
    const { task } = await flow.prepare(shop);
    const [ended] = await process.run([{ task, holdAt: null }]);
    expect(ended?.error ?? null).to.equal(null);
    const points = ended?.points ?? [];
    for (const point of new Set(flow.least)) {
      const count = (list: readonly string[]) => list.filter((one) => one === point).length;
      expect(count(points), `${point} in ${points.join(', ')}`).to.be.at.least(count(flow.least));
    }
    return points;
  }

  interface Held {
    scene: Scene;
    /** Whether somebody asks again, or the system is left to itself. */
    asked: boolean;
    passed: string[];
  }

  async function holdAtEach(process: OtherProcess, flow: Flow, points: readonly string[]): Promise<Held[]> {
    const plan: { scene: Scene; asked: boolean; holdAt: number }[] = [];
    for (let holdAt = 1; holdAt <= points.length; holdAt += 1) {
      for (const asked of [false, true]) plan.push({ scene: await flow.prepare(shop), asked, holdAt });
    }
    const ended = await process.run(plan.map(({ scene, holdAt }) => ({ task: scene.task, holdAt })));
    return plan.map(({ scene, asked, holdAt }, index) => {
      const { isHeld = false, points: passed = [] } = ended[index] ?? {};
      expect(passed, `held at point ${holdAt}: ${String(isHeld)}`).to.deep.equal(points.slice(0, holdAt));
      return { scene, asked, passed };
    });
  }
});
