import { useTranslation, type RecordJSON } from 'adminjs';
import { Link } from 'react-router-dom';
import type { OpenIncident, UserStory as Story } from '../user-story.ts';
import { StoryFacts } from './story-facts.tsx';
import { Timeline } from './timeline.tsx';
import { Time } from './value.tsx';

/** What a customer has on top, what is wrong below that, then everything that happened, newest first. */
export function UserStory({ record }: { record: RecordJSON }) {
  const story = JSON.parse(String(record.params['story'] ?? 'null')) as Story | null;
  if (story === null) return null;
  return (
    <div className="p-story">
      <StoryFacts story={story} />
      {story.incidents.length > 0 && <OpenIncidents incidents={story.incidents} />}
      <Timeline key={record.id} userId={record.id} first={story.timeline} />
    </div>
  );
}

function OpenIncidents({ incidents }: { incidents: readonly OpenIncident[] }) {
  const { t, tl } = useTranslation();
  return (
    <section className="p-warning">
      <h2>{t('panel.story.openIncidents')}</h2>
      <ul>
        {incidents.map(({ id, kind, summary, lastSeenAt }) => (
          <li key={id}>
            <Link className="p-link" to={`/admin/resources/incidents/records/${id}/show`}>
              {tl(`kind.${kind}`)}
            </Link>{' '}
            {summary}{' '}
            <span className="p-quiet-text">
              <Time iso={String(lastSeenAt)} />
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
