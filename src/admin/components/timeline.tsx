import { ApiClient, useTranslation, type RecordJSON } from 'adminjs';
import { useEffect, useRef, useState } from 'react';
import { storyKinds, type StoryKind } from '../story/source.ts';
import type { Timeline as Page } from '../story/timeline.ts';
import { Problem, problemOf, type ProblemDocument } from './send.tsx';
import { TimelineLine } from './timeline-line.tsx';

interface Props {
  userId: string;
  /** Came with the page: the newest of all kinds. */
  first: Page;
}

/** Everything that happened to a customer, narrowed to some kinds on demand, older on demand. */
export function Timeline({ userId, first }: Props) {
  const { t } = useTranslation();
  const [kinds, setKinds] = useState<readonly StoryKind[]>([]);
  const { page, waiting, problem, earlier } = usePages(userId, first, kinds);
  const toggle = (kind: StoryKind) => {
    setKinds(kinds.includes(kind) ? kinds.filter((one) => one !== kind) : [...kinds, kind]);
  };
  return (
    <section className="p-timeline" aria-busy={waiting}>
      <h2 id="p-timeline">{t('panel.timeline.title')}</h2>
      <div className="p-kinds" role="group" aria-label={t('panel.timeline.narrow')}>
        <Kind
          label={t('panel.timeline.all')}
          isOn={kinds.length === 0}
          press={() => {
            setKinds([]);
          }}
        />
        {storyKinds.map((kind) => (
          <Kind
            key={kind}
            label={t(`panel.timeline.kinds.${kind}`)}
            isOn={kinds.includes(kind)}
            press={() => {
              toggle(kind);
            }}
          />
        ))}
      </div>
      <Problem problem={problem} />
      {page.events.length === 0 && !waiting && <p className="p-quiet-text">{t('panel.story.nothing')}</p>}
      {page.events.length > 0 && (
        <ol aria-labelledby="p-timeline">
          {page.events.map((event) => (
            <TimelineLine key={event.at + event.key} event={event} userId={userId} />
          ))}
        </ol>
      )}
      {page.earlier !== null && (
        <button
          type="button"
          className="p-button p-quiet p-small"
          disabled={waiting}
          onClick={earlier}
          data-testid="earlier"
        >
          {t(waiting ? 'panel.loading' : 'panel.timeline.earlier')}
        </button>
      )}
    </section>
  );
}

function Kind({ label, isOn, press }: { label: string; isOn: boolean; press: () => void }) {
  return (
    <button type="button" className="p-kind" aria-pressed={isOn} onClick={press}>
      {label}
    </button>
  );
}

/** The pages so far. Other kinds begin anew, and what was asked for before counts no more. */
function usePages(userId: string, first: Page, kinds: readonly StoryKind[]) {
  const [page, setPage] = useState(first);
  const [waiting, setWaiting] = useState(false);
  const [problem, setProblem] = useState<ProblemDocument>();
  const asked = useRef(0);
  const load = (known: Page['events'], params: Record<string, string>) => {
    asked.current += 1;
    const mine = asked.current;
    setWaiting(true);
    setProblem(undefined);
    read(userId, params)
      .then(
        (next) => {
          if (mine === asked.current) setPage({ ...next, events: [...known, ...next.events] });
        },
        (error: unknown) => {
          if (mine === asked.current) setProblem(problemOf(error));
        },
      )
      .finally(() => {
        if (mine === asked.current) setWaiting(false);
      });
  };
  const narrowed: Record<string, string> = kinds.length === 0 ? {} : { kinds: kinds.join(',') };
  const isFirst = useRef(true);
  useEffect(() => {
    if (!isFirst.current) load([], narrowed);
    isFirst.current = false;
  }, [narrowed['kinds']]);
  // After an action on this page there is more to tell.
  useEffect(() => {
    setPage(first);
  }, [first.events[0]?.key]);
  const earlier = () => {
    if (page.earlier !== null) load(page.events, { ...narrowed, earlier: page.earlier });
  };
  return { page, waiting, problem, earlier };
}

async function read(userId: string, params: Record<string, string>): Promise<Page> {
  const { data } = await new ApiClient().recordAction({
    resourceId: 'users',
    recordId: userId,
    actionName: 'timeline',
    params,
  });
  const { record } = data as { record: RecordJSON };
  return JSON.parse(String(record.params['timeline'])) as Page;
}
