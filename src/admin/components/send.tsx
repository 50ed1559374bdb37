import { ApiClient, useNotice, useTranslation, type RecordActionResponse } from 'adminjs';
import { useState } from 'react';
import { useNavigate } from 'react-router-dom';
import { formatNumber } from './format.ts';

/** A problem document of ours, or nothing that we know. */
export interface ProblemDocument {
  status?: number;
  code?: string;
  detail?: string;
  errors?: { path: string; message: string }[];
  [extra: string]: unknown;
}

/** Posts an action's form once, tells of the outcome, and goes where the server says. */
export function useSend(resourceId: string, actionName: string, recordId?: string) {
  const [sending, setSending] = useState(false);
  const [problem, setProblem] = useState<ProblemDocument>();
  const notice = useNotice();
  const { i18n } = useTranslation();
  const navigate = useNavigate();
  const send = async (data: Record<string, unknown>) => {
    if (sending) return;
    setSending(true);
    setProblem(undefined);
    try {
      const answer = await post(resourceId, actionName, recordId, data);
      if (answer.notice !== undefined)
        notice({ ...answer.notice, options: readable(answer.notice.options, i18n.language) });
      if (answer.redirectUrl !== undefined) navigate(answer.redirectUrl);
    } catch (error) {
      setProblem(problemOf(error));
      setSending(false);
    }
  };
  return { send, sending, problem };
}

async function post(
  resourceId: string,
  actionName: string,
  recordId: string | undefined,
  data: object,
): Promise<RecordActionResponse> {
  const api = new ApiClient();
  const answer =
    recordId === undefined
      ? await api.resourceAction({ resourceId, actionName, data })
      : await api.recordAction({ resourceId, recordId, actionName, data });
  return answer.data as RecordActionResponse;
}

/** Numbers as people of that language write them. */
function readable(options: object | undefined, locale: string): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(options ?? {}).map(([name, value]: [string, unknown]) => [
      name,
      typeof value === 'number' ? formatNumber(value, locale) : value,
    ]),
  );
}

export function problemOf(error: unknown): ProblemDocument {
  const { response } = error as { response?: { data?: unknown } };
  const data = response?.data;
  return typeof data === 'object' && data !== null
    ? (data as ProblemDocument)
    : { code: response === undefined ? 'offline' : 'internal_error' };
}

/** What went wrong, in the reader's language where we know the code, with the server's own words where we do not. */
export function Problem({ problem }: { problem: ProblemDocument | undefined }) {
  const { t } = useTranslation();
  if (problem === undefined) return null;
  const { code = 'internal_error', detail, errors = [] } = problem;
  return (
    <div className="p-problem" role="alert">
      <p>{t(`panel.problems.${code}`, { ...problem, defaultValue: detail ?? code })}</p>
      {errors.length > 0 && (
        <ul>
          {errors.map(({ path, message }) => (
            <li key={path + message}>
              <FieldError path={path} message={message} />
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

function FieldError({ path, message }: { path: string; message: string }) {
  const { tp } = useTranslation();
  const [field = ''] = path.split('.');
  return <>{field === '' ? message : `${tp(field)}: ${message}`}</>;
}
