import { readFileSync, readdirSync } from 'node:fs';
import { expect } from 'chai';
import { recordActions } from '../../src/admin/actions/index.ts';
import { auditActions } from '../../src/admin/audit-actions.ts';
import { forms } from '../../src/admin/forms/index.ts';
import { byParts, lookups } from '../../src/admin/search/lookups.ts';
import { resources } from '../../src/admin/resources/index.ts';
import { storyKinds } from '../../src/admin/story/source.ts';
import { incidentKinds } from '../../src/incidents/incidents.ts';
import { jobs } from '../../src/jobs/schedule.ts';
import type { ResourceSpec } from '../../src/admin/resources/spec.ts';

interface Texts {
  [key: string]: string | Texts;
}

const read = (locale: string) =>
  JSON.parse(readFileSync(new URL(`../../src/admin/locales/${locale}.json`, import.meta.url), 'utf8')) as Texts;

const texts = { en: read('en'), 'zh-CN': read('zh-CN') };

function has(all: Texts, path: string): boolean {
  const found = path
    .split('.')
    .reduce<string | Texts | undefined>((at, key) => (typeof at === 'object' ? at[key] : undefined), all);
  return typeof found === 'string' && found !== '';
}

/** Every text that the panel asks for by the name of a thing. */
function asked(): string[] {
  const specs: readonly ResourceSpec[] = resources;
  const ofTables = specs.flatMap((spec) => [
    `labels.${spec.id}`,
    `labels.${spec.group}`,
    ...Object.entries(spec.fields).flatMap(([name, field]) => [
      `properties.${name}`,
      ...(field.kind === 'state' ? field.values.map((value) => `labels.${name}.${value}`) : []),
      ...(field.kind === 'reference' ? [`panel.searchBy.${field.to}`] : []),
    ]),
  ]);
  const ofActions = recordActions.flatMap(({ name }) => [
    `actions.${name}`,
    `panel.actions.${name}.lead`,
    `panel.actions.${name}.confirm`,
  ]);
  const ofForms = Object.values(forms).flatMap(({ fields }) =>
    fields.flatMap(({ name, hint, input, values = [] }) => [
      ...(input === 'money' ? ['properties.amountMinor'] : [`properties.${name}`]),
      ...(hint === undefined ? [] : [`panel.form.${hint}`]),
      ...values.map((value) => `labels.${name}.${value}`),
    ]),
  );
  const ofJobs = jobs.map(({ name }) => `labels.job.${name}`);
  const ofIncidents = incidentKinds.flatMap((kind) =>
    ['what', 'next'].map((part) => `panel.case.kinds.${kind}.${part}`),
  );
  const ofStory = storyKinds.map((kind) => `panel.timeline.kinds.${kind}`);
  const ofSearch = [...lookups, ...byParts].map(({ matched }) => `properties.${matched}`);
  return [...new Set([...ofTables, ...ofActions, ...ofForms, ...ofJobs, ...ofIncidents, ...ofStory, ...ofSearch])];
}

function paths(all: Texts, before = ''): string[] {
  return Object.entries(all).flatMap(([key, value]) =>
    typeof value === 'string' ? [before + key] : paths(value, `${before}${key}.`),
  );
}

describe('the words of the panel', () => {
  for (const [locale, all] of Object.entries(texts)) {
    it(`name every table, column, state, action and field in ${locale}`, () => {
      expect(asked().filter((path) => !has(all, path))).to.deep.equal([]);
    });
  }

  it('name everything that flows write into the audit log', () => {
    const folder = new URL('../../src/billing/', import.meta.url);
    const recorded = readdirSync(folder)
      .map((file) => readFileSync(new URL(file, folder), 'utf8'))
      .flatMap((source) => [...source.matchAll(/action: '([\w.-]+)'/g)].map(([, name = '']) => name));
    expect(recorded).to.include.members(['staff.lock', 'order.refund', 'credits.adjust']);
    expect(recorded.filter((name) => !auditActions.includes(name))).to.deep.equal([]);
  });

  it('are the same in both languages, with the same values in them', () => {
    expect(paths(texts.en)).to.have.members(paths(texts['zh-CN']));
    const values = (all: Texts, path: string) => {
      const found = path.split('.').reduce<string | Texts | undefined>((at, key) => (at as Texts)[key], all) as string;
      return (found.match(/{{\w+}}/g) ?? []).sort();
    };
    for (const path of paths(texts.en)) {
      expect(values(texts['zh-CN'], path), path).to.deep.equal(values(texts.en, path));
    }
  });
});
