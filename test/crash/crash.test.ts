import { expect } from 'chai';
import { reconcile } from '../../src/billing/reconcile.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { expectBalancedBooks } from '../support/books.ts';
import { capture, flows, refund, type Flow, type Scene } from './flows.ts';
import { startProcess, type OtherProcess } from './other-process.ts';
import { recover, unfinished } from './recover.ts';
import { Shop, type Ends } from '../support/shop.ts';

/** One customer, for whom a flow was cut off. */
interface Held {
  flow: Flow;
  scene: Scene;
  /** Where, counted from 1. */
  holdAt: number;
  /** Whether webhooks come and somebody asks again, or nothing more is heard. */
  asked: boolean;
  passed: readonly string[];
  /** What there was when the process was dead. */
  left: Ends;
}

/** As many as have connections enough: whoever is held may keep two. */
const flowsPerProcess = 2;

/**
 * A process does one step for many customers and is held at another point of it for each of them; then it is killed.
 * What it leaves behind, the system has to bring to its end.
 */
describe('a process that is killed', function () {
  this.timeout(900_000);
  const points = new Map<Flow, string[]>();
  const held: Held[] = [];
  let app: TestApp;
  let shop: Shop;

  before(async () => {
    const victims = [];
    let starting = startProcess();
    app = await startApp({ worker: false });
    shop = await Shop.open(app);
    for (let from = 0; from < flows.length; from += flowsPerProcess) {
      const victim = await (await starting).join(app);
      const isLast = from + flowsPerProcess >= flows.length;
      if (!isLast) starting = startProcess();
      victims.push(...(await cutOff(victim, flows.slice(from, from + flowsPerProcess))));
    }
    held.push(...victims);
    await recover(app);
  });
  after(async () => {
    const counts = [...points].map(([flow, { length }]) => `${length} in ${flow.name}`);
    console.log(`    points at which a process was killed: ${counts.join(', ')}`);
    await app.close();
  });

  for (const flow of flows) {
    it(`at any point of ${flow.name} leaves what comes to its one right end`, async () => {
      const all = points.get(flow) ?? [];
      expectAtLeast(all, flow.least);
      const mine = held.filter((one) => one.flow === flow);
      expect(mine).to.have.length(2 * all.length);
      for (const { scene, asked, passed, holdAt } of mine) {
        expect(passed).to.deep.equal(all.slice(0, holdAt));
        const where = `killed ${passed.at(-1) ?? ''} (point ${holdAt})${asked ? ', asked again' : ''}`;
        expect(await shop.endsOf(scene), where).to.deep.equal(flow.ends(asked, passed));
      }
    });
  }

  it('had its calls heard, and its transactions committed, up to where it was held and no further', () => {
    for (const { flow, left, passed } of held) {
      const count = (point: string) => Number(passed.includes(point));
      if (flow.name === 'a settlement') {
        expect(left).to.include({ captures: count(`after ${capture}`), paid: count('after COMMIT') });
      }
      if (flow.name === 'a refund') expect(left).to.include({ refunds: count(`after ${refund}`) });
      if (flow.name === 'a receipt') expect(left).to.include({ receipts: count('after INSERT INTO sandbox.mails') });
    }
  });

  it('leaves nothing unfinished, no lock, and books that balance', async () => {
    expect(await unfinished(app)).to.deep.equal([]);
    await expectBalancedBooks(app.services);
    expect(await reconcile(app.services)).to.include({ differences: 0, left: 0 });
  });

  /** Holds the process at each point of these flows at once, kills it, and lets every second customer ask again. */
  async function cutOff(victim: OtherProcess, chosen: readonly Flow[]): Promise<Held[]> {
    const plan: Omit<Held, 'passed' | 'left'>[] = [];
    for (const flow of chosen) {
      const all = await pointsOf(victim, flow);
      points.set(flow, all);
      for (let holdAt = 1; holdAt <= all.length; holdAt += 1) {
        for (const asked of [false, true]) {
          plan.push({ flow, scene: await flow.prepare(shop, asked ? 'come' : 'lost'), asked, holdAt });
        }
      }
    }
    const ended = await victim.run(plan.map(({ scene, holdAt }) => ({ task: scene.task, holdAt })));
    await victim.kill();
    for (const [index, { isHeld, error }] of ended.entries()) {
      const where = `${plan[index]?.flow.name ?? ''} at ${plan[index]?.holdAt ?? 0}`;
      expect(isHeld, `${where} was not held: ${error?.text ?? 'it ended'}`).to.equal(true);
    }
    const cut = await Promise.all(
      plan.map(async (one, index) => ({
        ...one,
        passed: ended[index]?.points ?? [],
        left: await shop.endsOf(one.scene),
      })),
    );
    for (const { scene, asked } of plan) if (asked) await scene.askAgain();
    return cut;
  }

  /** By a run that nobody disturbs. */
  async function pointsOf(process: OtherProcess, flow: Flow): Promise<string[]> {
    const { task } = await flow.prepare(shop, 'lost');
    const [ended] = await process.run([{ task, holdAt: null }]);
    if (ended?.error !== null) throw new Error(`${flow.name}: ${ended?.error.text ?? 'no answer'}`);
    return ended.points;
  }

  /** An instrument that finds less than what is there for certain is none. */
  function expectAtLeast(all: readonly string[], least: readonly string[]): void {
    const count = (list: readonly string[], point: string) => list.filter((one) => one === point).length;
    for (const point of new Set(least)) {
      expect(count(all, point), `${point} in ${all.join(', ')}`).to.be.at.least(count(least, point));
    }
  }
});
