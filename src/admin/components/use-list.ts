import { ApiClient, type RecordJSON } from 'adminjs';
import { useEffect, useState } from 'react';
import { useLocation } from 'react-router-dom';
import type { ListMeta } from '../list-page.ts';
import { problemOf, type ProblemDocument } from './send.tsx';

interface List {
  records: RecordJSON[];
  meta: ListMeta | undefined;
  loading: boolean;
  /** Why there are no rows, when it is not that there are none. */
  problem: ProblemDocument | undefined;
}

const nothing: List = { records: [], meta: undefined, loading: true, problem: undefined };

/** The page of a list that the address names. The rows of the page before stay until it is there. */
export function useList(resourceId: string): List {
  const { search, state } = useLocation() as { search: string; state: unknown };
  const [list, setList] = useState<List & { of: string }>({ ...nothing, of: resourceId });
  useEffect(() => {
    const asked = { isWanted: true };
    const show = (next: Partial<List>) => {
      // An answer that comes after the next question was asked is not what the page is about any more.
      if (asked.isWanted)
        setList((last) => ({ ...(last.of === resourceId ? last : nothing), ...next, of: resourceId }));
    };
    show({ loading: true, problem: undefined });
    new ApiClient()
      .resourceAction({ resourceId, actionName: 'list', params: new URLSearchParams(search) })
      .then((answer) => {
        const { records, meta } = answer.data as unknown as Pick<List, 'records' | 'meta'>;
        show({ records, meta, loading: false });
      })
      .catch((error: unknown) => {
        show({ records: [], meta: undefined, problem: problemOf(error), loading: false });
      });
    return () => {
      asked.isWanted = false;
    };
  }, [resourceId, search, state]);
  return list.of === resourceId ? list : nothing;
}
