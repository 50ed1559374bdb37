import { useTranslation } from 'adminjs';
import { useSelector } from 'react-redux';
import { Link, useLocation } from 'react-router-dom';

const open = { 'filters.status': 'open' };

/** The inbox as people look at it: what is theirs, what nobody has, what is open at all, what is done. */
export function IncidentTabs() {
  const { t } = useTranslation();
  const { search } = useLocation();
  const me = useSelector(({ session }: { session: { id: string } }) => session.id);
  const tabs: [string, Record<string, string>][] = [
    ['open', open],
    ['mine', { ...open, 'filters.assignedTo': me }],
    ['unassigned', { ...open, 'filters.assignedTo': 'none' }],
    ['resolved', { 'filters.status': 'resolved' }],
    ['all', {}],
  ];
  const now = filtersOf(new URLSearchParams(search));
  return (
    <nav className="p-tabs" aria-label={t('panel.case.inbox')}>
      {tabs.map(([name, filters]) => (
        <Link
          key={name}
          to={`?${new URLSearchParams(filters).toString()}`}
          aria-current={filtersOf(new URLSearchParams(filters)) === now ? 'page' : undefined}
        >
          {t(`panel.case.tabs.${name}`)}
        </Link>
      ))}
    </nav>
  );
}

/** Without the page and the order, which are another matter. */
function filtersOf(params: URLSearchParams): string {
  return [...params]
    .filter(([name]) => name.startsWith('filters.'))
    .map((pair) => pair.join('='))
    .sort()
    .join('&');
}
