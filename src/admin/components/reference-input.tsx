import { ApiClient, type RecordJSON } from 'adminjs';
import { useEffect, useState } from 'react';

interface ReferenceInputProps {
  name: string;
  to: string;
  value: string;
  set: (id: string) => void;
}

/** A choice among the rows of a small table. */
export function ReferenceInput({ name, to, value, set }: ReferenceInputProps) {
  const [rows, setRows] = useState<RecordJSON[]>([]);
  useEffect(() => {
    new ApiClient().searchRecords({ resourceId: to, query: '' }).then(setRows, () => {
      setRows([]);
    });
  }, [to]);
  return (
    <select
      name={name}
      required
      value={value}
      onChange={(event) => {
        set(event.target.value);
      }}
    >
      <option value="" />
      {rows.map(({ id, title }) => (
        <option key={id} value={id}>
          {title}
        </option>
      ))}
    </select>
  );
}
