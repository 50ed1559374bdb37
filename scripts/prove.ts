import path from 'node:path';
import { parseArgs } from 'node:util';
import { proveArchive } from '../src/billing/check-archive.ts';
import { proveBooks, type BookResult } from '../src/billing/check-books.ts';
import { tellFailure } from '../src/boot/failure.ts';
import { withDatabase } from './with-database.ts';

const usage = 'npm run prove -- [--with-archive] [--directory DIRECTORY]';

/** Holds all books against each other, now. The exit code is 1 when something differs. Plantain may run meanwhile. */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { 'with-archive': { type: 'boolean', default: false }, directory: { type: 'string' } },
  });
  await withDatabase(async (services, config) => {
    const directory = values.directory ?? path.join(config.dataDir, 'archive');
    const { books, auditHead } = await proveBooks(services);
    if (values['with-archive']) books.push(...(await proveArchive(services, directory)).books);
    tell(books);
    if (auditHead.seq > 0) console.log(`The audit log ends with entry ${auditHead.seq}: ${auditHead.hash}`);
  });
}

function tell(books: readonly BookResult[]): void {
  const number = new Intl.NumberFormat('en');
  const width = Math.max(...books.map(({ name }) => name.length));
  console.log(['Book'.padEnd(width), 'rows'.padStart(13), 'differences', 'seconds'].join('  '));
  for (const { name, rows, differences, ms } of books) {
    const cells = [number.format(rows).padStart(13), number.format(differences).padStart(11)];
    console.log([name.padEnd(width), ...cells, (ms / 1000).toFixed(1).padStart(7)].join('  '));
  }
  const differences = books.reduce((sum, book) => sum + book.differences, 0);
  if (differences === 0) {
    console.log(`All ${books.length} books balance. One reading serves several books, so seconds do not add up.`);
    return;
  }
  console.log(`${number.format(differences)} differences. Each is in an open incident: /admin/resources/incidents`);
  process.exitCode = 1;
}

try {
  await main();
} catch (error) {
  console.error(error instanceof TypeError ? `Usage: ${usage}` : tellFailure(error));
  process.exitCode = 1;
}
