import { ViewHelpers, useTranslation, type RecordJSON } from 'adminjs';
import { Link } from 'react-router-dom';
import type { SubjectLink } from '../incident-subjects.ts';
import { CopyableId } from './copyable-id.tsx';

interface SubjectProps {
  id: string;
  type: string;
  record: RecordJSON;
  place: 'list' | 'show';
}

/** What an incident is about: a link where it is a row of ours, otherwise the id under which the gateway has it. */
export function Subject({ id, type, record, place }: SubjectProps) {
  const { tl } = useTranslation();
  const link = JSON.parse(String(record.params['subject'] ?? 'null')) as SubjectLink | null;
  return (
    <span className="p-subject">
      <span className="p-subject-type">{tl(`subjectType.${type}`, { defaultValue: type })}</span>
      {link !== null && (
        <Link
          className="p-link"
          to={new ViewHelpers().recordActionUrl({ resourceId: link.to, recordId: link.id, actionName: 'show' })}
        >
          {link.title}
        </Link>
      )}
      {id !== link?.id && (link === null || place === 'show') && <CopyableId id={id} full={place === 'show'} />}
    </span>
  );
}
