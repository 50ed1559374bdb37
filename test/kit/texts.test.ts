import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'chai';
import { locales, translator } from '../../src/kit/i18n.ts';

const root = path.join(import.meta.dirname, '../..');
const files = readdirSync(path.join(root, 'locales/en')).filter((file) => file.endsWith('.json'));
const namespaces = files.map((file) => path.basename(file, '.json'));

/** Every text of a language by its full name, `pricing:title`. */
function texts(locale: string): Map<string, string> {
  const entries = files.flatMap((file) => {
    const content = JSON.parse(readFileSync(path.join(root, 'locales', locale, file), 'utf8')) as Record<
      string,
      string
    >;
    return Object.entries(content).map(([key, text]) => [`${path.basename(file, '.json')}:${key}`, text] as const);
  });
  return new Map(entries);
}

/** One name for all plural forms: languages have different ones. */
function plain(key: string): string {
  return key.replace(/_(zero|one|two|few|many|other)$/, '');
}

function placeholders(text: string): string[] {
  return [...new Set(Array.from(text.matchAll(/\{\{\s*(\w+)/g), ([, name]) => name!))].sort();
}

/** Names of texts in code and templates: whole ones, and the beginnings of those that are put together. */
function mentioned(): { whole: Set<string>; beginnings: string[] } {
  const sources = ['src', 'views'].flatMap((folder) =>
    readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => /\.(ts|hbs)$/.test(file))
      .map((file) => readFileSync(path.join(root, folder, file), 'utf8')),
  );
  const pattern = new RegExp(`['"\`]((?:${namespaces.join('|')}):[\\w.]*)(\\$\\{|['"\`])`, 'g');
  const found = sources.flatMap((source) =>
    Array.from(source.matchAll(pattern), ([, key, end]) => ({ key: key!, end })),
  );
  const isBeginning = ({ key, end }: { key: string; end?: string | undefined }) => end === '${' || key.endsWith('.');
  return {
    whole: new Set(found.filter((each) => !isBeginning(each)).map(({ key }) => key)),
    beginnings: found.filter(isBeginning).map(({ key }) => key),
  };
}

describe('the texts', () => {
  const english = texts('en');
  const { whole, beginnings } = mentioned();
  const known = new Set([...english.keys()].map(plain));

  for (const locale of locales) {
    it(`say in ${locale} everything that is said in English, with the same values in it`, () => {
      const here = texts(locale);
      expect([...new Set([...here.keys()].map(plain))].sort()).to.deep.equal([...known].sort());
      for (const [key, text] of here) {
        const inEnglish = english.get(key) ?? english.get(`${plain(key)}_other`) ?? '';
        // An English "tomorrow" needs no number.
        const wanted = key.endsWith('_one') ? placeholders(text) : placeholders(inEnglish);
        expect(placeholders(text), `${locale} ${key}`).to.deep.equal(wanted);
      }
    });

    it(`have every plural form that ${locale} needs`, () => {
      const here = texts(locale);
      const forms = new Intl.PluralRules(locale).resolvedOptions().pluralCategories;
      const counted = new Set([...here.keys()].filter((key) => key !== plain(key)).map(plain));
      for (const key of counted) {
        expect(
          forms.filter((form) => !here.has(`${key}_${form}`)),
          `${locale} ${key}`,
        ).to.deep.equal([]);
      }
    });
  }

  it('exist for every name that pages, mails and errors ask for', () => {
    expect([...whole].filter((key) => !known.has(key))).to.deep.equal([]);
    const leadNowhere = beginnings.filter((beginning) => ![...known].some((key) => key.startsWith(beginning)));
    expect(leadNowhere).to.deep.equal([]);
  });

  it('are all used', () => {
    const isUsed = (key: string) =>
      whole.has(key) ||
      whole.has(key.replace(/_manual$/, '')) ||
      beginnings.some((beginning) => key.startsWith(beginning));
    expect([...known].filter((key) => !isUsed(key))).to.deep.equal([]);
  });

  it('write numbers, money and dates as the reader does', () => {
    const at = '2026-03-05T14:02:00Z';
    const total = { amountMinor: 123450, currency: 'USD' };
    expect(translator('en')('common:date', { date: at })).to.equal('March 5, 2026');
    expect(translator('zh-CN')('common:date', { date: at })).to.equal('2026年3月5日');
    expect(translator('en')('common:money', { amount: total })).to.equal('$1,234.50');
    expect(translator('zh-CN')('common:money', { amount: total })).to.equal('US$1,234.50');
    expect(translator('en')('common:time', { at })).to.equal('Mar 5, 2026, 14:02 UTC');
    expect(translator('en')('account:credits.available', { count: 1 })).to.equal('credit available');
    expect(translator('en')('account:credits.available', { count: 2 })).to.equal('credits available');
  });
});
