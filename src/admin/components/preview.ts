import { ApiClient, type RecordJSON } from 'adminjs';
import { useEffect, useState } from 'react';
import type { Facts } from './effects.ts';
import { problemOf, type ProblemDocument } from './send.tsx';

/** Long enough that it is not asked at every key, short enough that nobody waits. */
const debounceMs = 250;

interface Previewed {
  draft: string;
  facts: Facts;
  problem: ProblemDocument | undefined;
}

/**
 * What the server says would happen, asked again a moment after the draft has changed; null: it does not depend on what
 * is typed. `waiting`: the facts are of an earlier draft, and nothing must be confirmed on them.
 */
export function usePreview(
  row: { resourceId: string; recordId: string; actionName: string },
  first: Facts,
  draft: Record<string, string> | null,
): { facts: Facts; problem: ProblemDocument | undefined; waiting: boolean } {
  const asked = JSON.stringify(draft);
  const [shown, setShown] = useState<Previewed>({ draft: asked, facts: first, problem: undefined });
  useEffect(() => {
    if (draft === null || asked === shown.draft) return;
    let isOver = false;
    const show = (answer: Partial<Previewed>) => {
      if (!isOver) setShown((before) => ({ ...before, problem: undefined, ...answer, draft: asked }));
    };
    const timer = setTimeout(() => {
      read(row, draft).then(
        (facts) => {
          show({ facts });
        },
        (error: unknown) => {
          show({ problem: problemOf(error) });
        },
      );
    }, debounceMs);
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, [asked]);
  return { facts: shown.facts, problem: shown.problem, waiting: asked !== shown.draft };
}

async function read(
  row: { resourceId: string; recordId: string; actionName: string },
  params: Record<string, string>,
): Promise<Facts> {
  const { data } = await new ApiClient().recordAction({ ...row, params });
  const { record } = data as { record: RecordJSON };
  return JSON.parse(String(record.params['preview'])) as Facts;
}
