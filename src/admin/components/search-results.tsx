import { ViewHelpers, useTranslation } from 'adminjs';
import { useEffect, useRef } from 'react';
import type { Hit, SearchAnswer } from '../search/search.ts';
import { shortId } from './format.ts';

type Placed = Hit & { resource: string };

interface Props {
  found: SearchAnswer | 'waiting' | 'failed' | undefined;
  /** The option that Enter takes. */
  at: number;
  choose: (index: number) => void;
}

/** In the order in which the arrows go through them. */
export function flatten({ groups }: SearchAnswer): Placed[] {
  return groups.flatMap(({ resource, hits }) => hits.map((hit) => ({ ...hit, resource })));
}

export function hrefOf({ resource, id }: Placed): string {
  return new ViewHelpers().recordActionUrl({ resourceId: resource, recordId: id, actionName: 'show' });
}

export function optionId(index: number): string {
  return `p-found-${index}`;
}

/** What was found, by table, with what matched beside it. */
export function SearchResults({ found, at, choose }: Props) {
  const { t, tl } = useTranslation();
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => {
    list.current?.querySelector('[aria-selected=true]')?.scrollIntoView({ block: 'nearest' });
  }, [at]);
  if (typeof found !== 'object') {
    const text = found === 'failed' ? 'panel.search.failed' : 'panel.search.waiting';
    return <Said>{t(text)}</Said>;
  }
  if (found.groups.length === 0) return <Said>{t('panel.search.nothing')}</Said>;
  const first = found.groups.map((_group, nth) =>
    found.groups.slice(0, nth).reduce((sum, { hits }) => sum + hits.length, 0),
  );
  return (
    <div ref={list} className="p-found" id="p-found" role="listbox" aria-label={t('panel.search.label')}>
      {found.groups.map(({ resource, hits }, nth) => (
        <div key={resource} role="group" aria-label={tl(resource)}>
          <div className="p-found-group" aria-hidden="true">
            {tl(resource)}
          </div>
          {hits.map((hit, index) => {
            const position = (first[nth] ?? 0) + index;
            return (
              <Option
                key={hit.id}
                hit={{ ...hit, resource }}
                position={position}
                isAt={position === at}
                choose={choose}
              />
            );
          })}
        </div>
      ))}
      {found.more && (
        <p className="p-found-more" role="presentation">
          {t('panel.search.more')}
        </p>
      )}
    </div>
  );
}

function Said({ children }: { children: string }) {
  return (
    <div className="p-found" id="p-found" role="listbox">
      <p className="p-found-more" role="status">
        {children}
      </p>
    </div>
  );
}

interface OptionProps {
  hit: Placed;
  position: number;
  isAt: boolean;
  choose: (index: number) => void;
}

function Option({ hit, position, isAt, choose }: OptionProps) {
  const { t, tl, tp } = useTranslation();
  const { resource, title, detail, matched, value, through } = hit;
  const shown = title === hit.id ? shortId(title) : nameOf(resource, title, tl);
  const what = tp(matched, resource);
  const why = value === null || value === title ? what : `${what} ${value}`;
  return (
    <div
      id={optionId(position)}
      role="option"
      aria-selected={isAt}
      className="p-option"
      // The box keeps the focus, so that the click comes before the list closes.
      onMouseDown={(event) => {
        event.preventDefault();
      }}
      onClick={() => {
        choose(position);
      }}
    >
      <span className="p-option-title">{shown}</span>
      {detail !== null && <span className="p-option-detail">{detail}</span>}
      <span className="p-option-why">
        {through === null
          ? why
          : t('panel.search.through', { what: why, table: tl(through.resource), title: through.title })}
      </span>
    </div>
  );
}

/** Words of ours, such as the type of an entry, are said in the reader's language. */
function nameOf(resource: string, title: string, tl: ReturnType<typeof useTranslation>['tl']): string {
  const words: Record<string, string> = {
    credit_transactions: 'type',
    credit_grants: 'source',
    plan_prices: 'subscriptionType',
    job_runs: 'job',
    audit_log: 'action',
  };
  const word = words[resource];
  return word === undefined ? title : tl(`${word}.${title}`, resource, { defaultValue: title });
}
