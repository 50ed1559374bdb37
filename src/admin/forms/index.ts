import type { StaffActor } from '../../accounts/staff.ts';
import type { Services } from '../../billing/services.ts';
import type { ResourceId } from '../permissions.ts';

/** A field of a form, in its order on the page. */
export interface FormField {
  name: string;
  input: 'text' | 'email' | 'password' | 'number' | 'money' | 'currency' | 'flag' | 'choice' | 'reference' | 'localized' | 'features';
  required?: boolean;
  /** Set once, when the row is made. */
  onlyNew?: boolean;
  values?: readonly string[];
  reference?: ResourceId;
  /** A localized text of several lines. */
  long?: boolean;
}

/** What the panel can make and change: each through a flow that writes the audit log with it. */
export interface Form {
  fields: readonly FormField[];
  /** → the id of the new row. @throws ValidationFailed, Conflict */
  create?(services: Services, body: unknown, actor: StaffActor): Promise<string>;
  update?(services: Services, id: string, body: unknown, actor: StaffActor): Promise<void>;
}

export const forms: Partial<Record<ResourceId, Form>> = {};
