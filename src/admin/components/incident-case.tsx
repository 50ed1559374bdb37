import { ApiClient, ViewHelpers, useNotice, useTranslation, type RecordJSON } from 'adminjs';
import { useState } from 'react';
import { useSelector } from 'react-redux';
import { Link } from 'react-router-dom';
import type { IncidentCase as Case } from '../incident-case.ts';
import { shortId } from './format.ts';
import { IncidentComments } from './incident-comments.tsx';
import { Problem, problemOf, type ProblemDocument } from './send.tsx';

interface Props {
  record: RecordJSON;
  /** Hands on the row as it is after something was done to it. */
  changed: (record: RecordJSON) => void;
}

/** What happened, what to do about it, whom to look at, who does it, and what was said so far. */
export function IncidentCase({ record, changed }: Props) {
  const found = JSON.parse(String(record.params['case'] ?? 'null')) as Case | null;
  const { send, sending, problem } = useInline(record.id, changed);
  if (found === null) return null;
  return (
    <div className="p-case">
      <Advice kind={String(record.params['kind'])} summary={String(record.params['summary'])} />
      <div className="p-case-side">
        <About links={found.links} />
        <Assignee found={found} isOpen={record.params['status'] === 'open'} sending={sending} send={send} />
        <Problem problem={problem} />
      </div>
      <IncidentComments found={found} sending={sending} send={send} />
    </div>
  );
}

function Advice({ kind, summary }: { kind: string; summary: string }) {
  const { t } = useTranslation();
  return (
    <section className="p-case-advice">
      <p className="p-case-summary">{summary}</p>
      <h2>{t('panel.case.what')}</h2>
      <p>{t(`panel.case.kinds.${kind}.what`)}</p>
      <h2>{t('panel.case.next')}</h2>
      <p>{t(`panel.case.kinds.${kind}.next`)}</p>
    </section>
  );
}

function About({ links }: Pick<Case, 'links'>) {
  const { t, tl } = useTranslation();
  if (links.length === 0) return null;
  return (
    <section>
      <h2>{t('panel.case.about')}</h2>
      <ul>
        {links.map(({ resource, id, title }) => (
          <li key={resource + id}>
            <span className="p-quiet-text">{tl(`one.${resource}`, { defaultValue: tl(resource) })}</span>{' '}
            <Link
              className="p-link"
              to={new ViewHelpers().recordActionUrl({ resourceId: resource, recordId: id, actionName: 'show' })}
            >
              {title === id ? shortId(id) : title}
            </Link>
          </li>
        ))}
      </ul>
    </section>
  );
}

export type Send = (action: 'assign' | 'comment', data: object) => Promise<boolean>;

interface AssigneeProps {
  found: Case;
  isOpen: boolean;
  sending: boolean;
  send: Send;
}

function Assignee({ found: { assignee, staff }, isOpen, sending, send }: AssigneeProps) {
  const { t } = useTranslation();
  const me = useSelector(({ session }: { session: { id: string } }) => session.id);
  const assign = (assigneeId: string | null) => {
    void send('assign', { assigneeId, seenId: assignee?.id ?? null });
  };
  const mayChoose = isOpen && staff.length > 0;
  return (
    <section>
      <h2>{t('panel.case.assignee')}</h2>
      {!mayChoose && <p>{assignee?.name ?? t('panel.case.nobody')}</p>}
      {mayChoose && (
        <div className="p-case-assign">
          <select
            name="assigneeId"
            aria-label={t('panel.actions.assign.lead')}
            disabled={sending}
            value={assignee?.id ?? ''}
            onChange={({ target }) => {
              assign(target.value === '' ? null : target.value);
            }}
          >
            <option value="">{t('panel.case.nobody')}</option>
            {/* Somebody who may not any more still has it. */}
            {assignee !== null && !staff.some(({ id }) => id === assignee.id) && (
              <option value={assignee.id}>{assignee.name}</option>
            )}
            {staff.map(({ id, name }) => (
              <option key={id} value={id}>
                {name}
              </option>
            ))}
          </select>
          {assignee?.id !== me && staff.some(({ id }) => id === me) && (
            <button
              type="button"
              className="p-button p-quiet p-small"
              disabled={sending}
              data-testid="assign-me"
              onClick={() => {
                assign(me);
              }}
            >
              {t('panel.actions.assign.confirm')}
            </button>
          )}
        </div>
      )}
    </section>
  );
}

/** Does something without leaving the page, and then shows the row as it is. */
function useInline(recordId: string, changed: (record: RecordJSON) => void) {
  const [sending, setSending] = useState(false);
  const [problem, setProblem] = useState<ProblemDocument>();
  const notice = useNotice();
  const send: Send = async (actionName, data) => {
    if (sending) return false;
    setSending(true);
    setProblem(undefined);
    try {
      const api = new ApiClient();
      const row = { resourceId: 'incidents', recordId };
      const answer = (await api.recordAction({ ...row, actionName, data })).data;
      if (answer.notice !== undefined) notice(answer.notice);
      const shown = (await api.recordAction({ ...row, actionName: 'show' })).data;
      changed(shown.record);
      return true;
    } catch (error) {
      setProblem(problemOf(error));
      return false;
    } finally {
      setSending(false);
    }
  };
  return { send, sending, problem };
}
