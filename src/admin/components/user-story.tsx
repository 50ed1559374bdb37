import type { RecordJSON } from 'adminjs';

/** Filled in when the customer's story is read on the server. */
export function UserStory({ record }: { record: RecordJSON }) {
  return record.params['story'] === undefined ? null : null;
}
