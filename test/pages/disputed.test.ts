import { expect } from 'chai';
import { newId } from '../../src/kit/ids.ts';
import { Client, eventually, useApp } from '../support/app.ts';
import { Visitor } from '../support/visitor.ts';

describe('a disputed payment on the pages', function () {
  this.timeout(60_000);
  const app = useApp();

  /** The form of the sandbox page with this button. */
  const actionOf = (html: string, label: string): string => {
    const found = Array.from(html.matchAll(/<form[^>]*action="([^"]+)"[^>]*>\s*<button[^>]*>([^<]+)/g));
    return found.find(([, , text]) => text?.trim() === label)?.[1] ?? '';
  };

  it('is opened and decided by the buttons of the sandbox, and the account says what is set aside', async () => {
    const email = `${newId()}@example.com`;
    const visitor = new Visitor(app);
    await visitor.register(email);
    const customer = new Client(app, email);
    await customer.signIn();
    await customer.buy({ pack_code: 'pack-500' });
    const account = async () => (await visitor.get('/account')).text;
    expect(await account()).not.to.contain('set aside');
    // What work of the customer's own has set apart is something else.
    const work = { amount: 20, feature_type: 'video', expires_in_seconds: 60 };
    const { hold_id } = (await customer.post('/credits/holds', work)).body;
    expect(await account())
      .to.contain('20 more credits are set aside for work')
      .and.not.contain('disputed');
    expect((await visitor.get('/account?lang=zh-CN')).text).to.contain('另有 20 积分已为进行中的任务冻结');
    await visitor.get('/account?lang=en');
    await customer.post(`/credits/holds/${hold_id as string}/release`);

    const press = async (label: string) => {
      const action = actionOf((await visitor.get('/sandbox')).text, label);
      expect(action, label).to.match(/^\/sandbox\/captures\/\w+\/(dispute|won|lost)$/);
      expect((await visitor.post(action)).status).to.equal(303);
      await app.simulator.idle();
    };
    await press('Open a dispute');
    const disputed = await eventually(async () => ((await account()).includes('set aside') ? account() : undefined));
    expect(disputed).to.contain('500 more credits are set aside');
    // They are no part of what is listed to be used.
    expect(disputed).not.to.contain('Beside the monthly credits');
    expect((await visitor.get('/account?lang=zh-CN')).text).to.contain('另有 500 积分已冻结');
    await visitor.get('/account?lang=en');

    await press('Decide for us');
    const free = await eventually(async () => ((await account()).includes('set aside') ? undefined : account()));
    expect(free).to.contain('Beside the monthly credits');
  });
});
