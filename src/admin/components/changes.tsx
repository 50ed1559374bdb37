import { useTranslation, type RecordJSON } from 'adminjs';

type Side = Record<string, unknown>;

/** What an audit entry says of before and after, field by field and side by side; what differs stands out. */
export function Changes({ record }: { record: RecordJSON }) {
  const { t, tp } = useTranslation();
  const before = sideOf(record.params['before']);
  const after = sideOf(record.params['after']);
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  if (names.length === 0) return <p className="p-quiet-text">{t('panel.changes.none')}</p>;
  return (
    <div className="p-changes">
      <table>
        <thead>
          <tr>
            <th scope="col">{t('panel.changes.field')}</th>
            <th scope="col">{t('panel.changes.before')}</th>
            <th scope="col">{t('panel.changes.after')}</th>
          </tr>
        </thead>
        <tbody>
          {names.map((name) => {
            const [old, fresh] = [shown(before[name]), shown(after[name])];
            return (
              <tr key={name} className={old === fresh ? 'p-same' : ''} data-field={name}>
                <th scope="row">{tp(name, 'audit_log', { defaultValue: name })}</th>
                <td>{old === '' ? '–' : <del>{old}</del>}</td>
                <td>{fresh === '' ? '–' : <ins>{fresh}</ins>}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

function sideOf(text: unknown): Side {
  if (typeof text !== 'string' || text === '') return {};
  const side = JSON.parse(text) as unknown;
  return typeof side === 'object' && side !== null && !Array.isArray(side) ? (side as Side) : { '': side };
}

/** As it was written; what is nested, as JSON in lines. */
function shown(value: unknown): string {
  if (value === undefined || value === null) return '';
  return typeof value === 'string' ? value : JSON.stringify(value, null, 2);
}
