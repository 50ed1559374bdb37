import { useTranslation } from 'adminjs';
import { Link } from 'react-router-dom';
import type { Waiting } from '../dashboard.ts';
import { formatNumber } from './format.ts';

const items = [
  ['openIncidents', 'incidents?filters.status=open'],
  ['failedMails', 'emails?filters.status=failed'],
  ['failedJobs', 'job_runs?filters.error=some'],
  ['openEvents', 'provider_events?filters.handledAt=none'],
  ['openRefunds', 'refunds?filters.status=pending'],
] as const;

/** What waits for somebody, each with the way there, and how much the queue still has to do. */
export function DashboardWaiting({ waiting }: { waiting: Waiting }) {
  const { t, i18n } = useTranslation();
  const open = items.filter(([name]) => waiting[name] > 0);
  const queue =
    waiting.queued === 0
      ? t('panel.board.queueEmpty')
      : t('panel.board.queued', { shown: formatNumber(waiting.queued, i18n.language) });
  return (
    <section aria-label={t('panel.dashboard.waiting')}>
      {open.length > 0 && (
        <ul className="p-waiting">
          {open.map(([name, to]) => (
            <li key={name}>
              <Link to={`/admin/resources/${to}`}>
                <strong>{formatNumber(waiting[name], i18n.language)}</strong>{' '}
                {t(`panel.dashboard.${name}`, { count: waiting[name] })}
              </Link>
            </li>
          ))}
        </ul>
      )}
      <p className="p-calm">
        {open.length === 0 && `${t('panel.dashboard.nothingWaits')} `}
        {queue}
      </p>
    </section>
  );
}
