import type { StaffActor } from '../../accounts/staff.ts';
import type { Services } from '../../billing/services.ts';
import type { ResourceId } from '../permissions.ts';

/** A field of a form, in its order on the page. */
export interface FormField {
  name: string;
  input:
    | 'text'
    | 'email'
    | 'number'
    | 'percents'
    | 'money'
    | 'flag'
    | 'choice'
    | 'reference'
    | 'localized'
    | 'features'
    | 'prices';
  required?: boolean;
  /** Asked only when a row is made, or only when it is changed. */
  only?: 'new' | 'edit';
  values?: readonly string[];
  reference?: ResourceId;
  /** A text of several lines. */
  long?: boolean;
  /** What a new row begins with. */
  initial?: string | boolean;
  /** The text beside it, `panel.form.<hint>`. */
  hint?: string;
}

/** What the panel can make and change: each through a flow that writes the audit log with it. */
export interface Form {
  fields: readonly FormField[];
  /** → the id of the new row. @throws ZodError, Conflict */
  create?: (services: Services, body: unknown, actor: StaffActor) => Promise<string>;
  update?: (services: Services, id: string, body: unknown, actor: StaffActor) => Promise<void>;
}
