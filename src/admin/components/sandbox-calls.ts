import type { ProblemDocument } from './send.tsx';

export class ProblemError extends Error {
  readonly problem: ProblemDocument;

  constructor(problem: ProblemDocument) {
    super(problem.detail ?? problem.code);
    this.problem = problem;
  }
}

/** Asks the sandbox's JSON, by POST when there is a body. @throws ProblemError with what the server says */
export async function callSandbox<Answer = undefined>(path: string, body?: object): Promise<Answer> {
  const sent = { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) };
  const answer = await fetch(`/admin/api/sandbox${path}`, body === undefined ? {} : sent);
  const isJson = answer.headers.get('Content-Type')?.includes('json') === true;
  const found: unknown = isJson ? await answer.json() : undefined;
  if (!answer.ok) throw new ProblemError((found as ProblemDocument | undefined) ?? { code: 'internal_error' });
  return found as Answer;
}
