import { ApiClient, useTranslation, type RecordJSON } from 'adminjs';
import { useEffect, useState } from 'react';
import type { GrantEntriesPage } from '../../billing/explain-credits.ts';
import type { ExplainAnswer } from '../explained-credits.ts';
import { formatNumber } from './format.ts';
import { Problem, problemOf, type ProblemDocument } from './send.tsx';
import { State, Time } from './value.tsx';

interface Props {
  userId: string;
  grantId: string;
  /** The last entry that counts. */
  through: number;
}

/** The entries behind a grant, newest first, more of them on demand. */
export function GrantEntries({ userId, grantId, through }: Props) {
  const { t } = useTranslation();
  const [entries, setEntries] = useState<GrantEntriesPage['entries']>([]);
  const [next, setNext] = useState<number | null>(through + 1);
  const [waiting, setWaiting] = useState(false);
  const [problem, setProblem] = useState<ProblemDocument>();
  const load = async (before: number): Promise<void> => {
    setWaiting(true);
    setProblem(undefined);
    try {
      const page = await read(userId, { grantId, before: String(before) });
      setEntries((known) => [...known.filter(({ seq }) => seq >= before), ...page.entries]);
      setNext(page.next);
    } catch (error) {
      setProblem(problemOf(error));
    }
    setWaiting(false);
  };
  useEffect(() => {
    void load(through + 1);
  }, []);
  return (
    <div className="p-grant-entries" aria-busy={waiting}>
      {entries.length > 0 && <EntriesTable entries={entries} />}
      {entries.length === 0 && next === null && <p className="p-quiet-text">{t('panel.explain.noEntries')}</p>}
      <Problem problem={problem} />
      {next !== null && (
        <button
          type="button"
          className="p-button p-quiet p-small"
          disabled={waiting}
          onClick={() => {
            void load(next);
          }}
        >
          {t(waiting ? 'panel.loading' : 'panel.explain.more')}
        </button>
      )}
    </div>
  );
}

function EntriesTable({ entries }: { entries: GrantEntriesPage['entries'] }) {
  const { t, tl, i18n } = useTranslation();
  return (
    <div className="p-scroll">
      <table className="p-table">
        <thead>
          <tr>
            <th className="p-right">{t('panel.explain.entry')}</th>
            <th>{t('panel.explain.when')}</th>
            <th>{t('panel.explain.what')}</th>
            <th className="p-right">{t('panel.explain.credits')}</th>
            <th className="p-right">{t('panel.explain.after')}</th>
          </tr>
        </thead>
        <tbody>
          {entries.map((entry) => (
            <tr key={entry.seq}>
              <td className="p-right">{formatNumber(entry.seq, i18n.language)}</td>
              <td>
                <Time iso={String(entry.createdAt)} />
              </td>
              <td>
                <State value={entry.type} label={tl(`type.${entry.type}`)} />{' '}
                <span className="p-quiet-text">
                  {[entry.featureType, entry.description].filter((text) => text !== null).join(' · ')}
                </span>
              </td>
              <td className="p-right">{formatNumber(entry.amount, i18n.language, true)}</td>
              <td className="p-right">{formatNumber(entry.balanceAfter, i18n.language)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

async function read(userId: string, params: Record<string, string>): Promise<GrantEntriesPage> {
  const { data } = await new ApiClient().recordAction({
    resourceId: 'users',
    recordId: userId,
    actionName: 'explain',
    params,
  });
  const { record } = data as { record: RecordJSON };
  const answer = JSON.parse(String(record.params['answer'])) as ExplainAnswer;
  return 'page' in answer ? answer.page : { entries: [], next: null };
}
