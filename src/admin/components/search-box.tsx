import { useTranslation } from 'adminjs';
import { Icon } from '@adminjs/design-system';
import { useEffect, useRef, useState, type KeyboardEvent } from 'react';
import { useNavigate } from 'react-router-dom';
import type { SearchAnswer } from '../search/search.ts';
import { SearchResults, flatten, hrefOf, optionId } from './search-results.tsx';

const waitMs = 180;

type Found = SearchAnswer | 'waiting' | 'failed' | undefined;

/** Finds anybody and anything from every page: `/` leads here, arrows and Enter choose, Escape leaves. */
export function SearchBox({ rootPath }: { rootPath: string }) {
  const { t } = useTranslation();
  const input = useRef<HTMLInputElement>(null);
  const [typed, setTyped] = useState('');
  const [open, setOpen] = useState(false);
  const found = useFound(rootPath, typed.trim());
  const { at, isOption, choose, press } = useChoice(found, () => {
    setOpen(false);
    setTyped('');
    input.current?.blur();
  });
  useSlash(input);
  const shown = open && typed.trim().length > 1;
  return (
    <div
      className="p-search"
      role="search"
      onBlur={({ currentTarget, relatedTarget }) => {
        if (!currentTarget.contains(relatedTarget)) setOpen(false);
      }}
    >
      <span className="p-search-icon" aria-hidden="true">
        <Icon icon="Search" size={15} />
      </span>
      <input
        ref={input}
        type="search"
        name="q"
        role="combobox"
        aria-label={t('panel.search.label')}
        aria-expanded={shown}
        aria-controls="p-found"
        aria-autocomplete="list"
        aria-activedescendant={shown && isOption ? optionId(at) : undefined}
        placeholder={t('panel.search.placeholder')}
        autoComplete="off"
        spellCheck={false}
        maxLength={254}
        value={typed}
        onChange={({ target }) => {
          setTyped(target.value);
          setOpen(true);
        }}
        onFocus={() => {
          setOpen(true);
        }}
        onKeyDown={press}
      />
      <kbd aria-hidden="true">/</kbd>
      {shown && <SearchResults found={found} at={at} choose={choose} />}
    </div>
  );
}

/** The option that the arrows have come to; Enter or a click goes there, and everything leaves in the end. */
function useChoice(found: Found, leave: () => void) {
  const navigate = useNavigate();
  const [at, setAt] = useState(0);
  useEffect(() => {
    setAt(0);
  }, [found]);
  const hits = typeof found === 'object' ? flatten(found) : [];
  const choose = (index: number) => {
    const hit = hits[index];
    if (hit === undefined) return;
    leave();
    navigate(hrefOf(hit));
  };
  const acts: Readonly<Record<string, () => void>> = {
    ArrowDown: () => {
      setAt(Math.min(at + 1, Math.max(hits.length - 1, 0)));
    },
    ArrowUp: () => {
      setAt(Math.max(at - 1, 0));
    },
    Enter: () => {
      choose(at);
    },
    Escape: leave,
  };
  const press = (event: KeyboardEvent) => {
    const act = acts[event.key];
    // While a word is still being put together, as in Chinese, Enter and the arrows belong to that.
    if (act === undefined || event.nativeEvent.isComposing) return;
    event.preventDefault();
    act();
  };
  return { at, isOption: hits[at] !== undefined, choose, press };
}

/** What the server finds, a moment after the last key; an answer that comes late counts for nothing. */
function useFound(rootPath: string, typed: string): Found {
  const [found, setFound] = useState<Found>();
  useEffect(() => {
    if (typed.length < 2) {
      setFound(undefined);
      return;
    }
    setFound((before) => (typeof before === 'object' ? before : 'waiting'));
    const asking = new AbortController();
    const timer = setTimeout(() => {
      ask(rootPath, typed, asking.signal).then(setFound, () => {
        if (!asking.signal.aborted) setFound('failed');
      });
    }, waitMs);
    return () => {
      clearTimeout(timer);
      asking.abort();
    };
  }, [rootPath, typed]);
  return found;
}

async function ask(rootPath: string, typed: string, signal: AbortSignal): Promise<SearchAnswer> {
  const answer = await fetch(`${rootPath}/api/search?q=${encodeURIComponent(typed)}`, { signal });
  if (!answer.ok) throw new Error(`the search answered ${answer.status}`);
  return (await answer.json()) as SearchAnswer;
}

function useSlash(input: { current: HTMLInputElement | null }): void {
  useEffect(() => {
    const listen = (event: globalThis.KeyboardEvent) => {
      const { target } = event;
      const isTyping =
        target instanceof Element && target.closest('input, textarea, select, [contenteditable]') !== null;
      if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey || isTyping) return;
      event.preventDefault();
      input.current?.focus();
    };
    document.addEventListener('keydown', listen);
    return () => {
      document.removeEventListener('keydown', listen);
    };
  }, [input]);
}
