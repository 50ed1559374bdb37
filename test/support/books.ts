import { expect } from 'chai';
import { findDifferences } from '../../src/billing/check-books.ts';
import type { Services } from '../../src/billing/services.ts';

/** The books of data.md, all of them, for everybody. */
export async function expectBalancedBooks(services: Pick<Services, 'db'>): Promise<void> {
  expect(await findDifferences(services)).to.deep.equal([]);
}
