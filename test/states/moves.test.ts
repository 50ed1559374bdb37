import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { statesDocument } from '../../scripts/states-document.ts';
import { assertMove, isLegalMove, moves } from '../../src/states/moves.ts';

describe('states', () => {
  it('never leave an end, and never forget money that came', () => {
    for (const end of ['refunded', 'failed'] as const) expect(moves.order[end]).to.deep.equal([]);
    for (const closed of ['cancelled', 'expired'] as const)
      expect(isLegalMove('order', closed, 'completed')).to.equal(true);
    expect(isLegalMove('payment', 'completed', 'failed')).to.equal(false);
    expect(isLegalMove('refund', 'completed', 'failed')).to.equal(false);
    // What is lost is lost when it is booked.
    expect(isLegalMove('dispute', 'open', 'lost')).to.equal(false);
  });

  it('lead only to states that there are, and every state can be reached', () => {
    for (const table of Object.values(moves)) {
      const states = Object.keys(table);
      const reached = new Set(Object.values(table).flat());
      expect(states).to.include.members([...reached]);
      expect(states.filter((state, index) => index > 0 && !reached.has(state as never))).to.deep.equal([]);
    }
  });

  it('refuse anything else by name', () => {
    expect(() => {
      assertMove('order', 'refunded', 'completed');
    }).to.throw('order cannot go from refunded to completed');
  });

  it('stand in docs/states.md as they are', () => {
    const document = readFileSync(new URL('../../docs/states.md', import.meta.url), 'utf8');
    expect(document, 'run `npm run docs:states`').to.equal(statesDocument());
  });
});
