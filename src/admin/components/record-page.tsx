import { useTranslation, type ActionProps } from 'adminjs';
import { PanelField } from './value.tsx';
import { UserStory } from './user-story.tsx';

const wide = ['json', 'features', 'localized', 'longText'];

/** A row as a sheet: labels left, values right, two columns where there is room. */
export function DefaultShowAction({ resource, record }: ActionProps) {
  const { tp } = useTranslation();
  if (record === undefined) return null;
  return (
    <>
      {resource.id === 'users' && <UserStory record={record} />}
      <dl className="p-sheet">
        {resource.showProperties.map((property) => (
          <div key={property.propertyPath} className={wide.includes(String(property.custom['kind'])) ? 'p-wide' : ''}>
            <dt>{tp(property.label, resource.id)}</dt>
            <dd data-property={property.propertyPath}>
              <PanelField property={{ ...property, path: property.propertyPath }} record={record} resource={resource} />
            </dd>
          </div>
        ))}
      </dl>
    </>
  );
}
