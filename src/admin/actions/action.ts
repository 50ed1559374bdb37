import type { z } from 'zod';
import type { StaffActor } from '../../accounts/staff.ts';
import type { Services } from '../../billing/services.ts';
import type { ResourceId } from '../permissions.ts';

/** The row that an action is about, with the columns of its spec. */
export type RowValues = Readonly<Record<string, string | number | boolean | null>>;

/** What a confirm screen is told before anybody confirms. */
export type Preview = Readonly<Record<string, string | number | boolean | null>>;

/**
 * Something that staff can do to one row: a button, a screen that says what will happen, and a flow of `billing/` that
 * does it together with its entry in the audit log.
 */
export interface RecordAction<Body = unknown> {
  resource: ResourceId;
  name: string;
  icon: string;
  danger?: boolean;
  /** Whether the row is in a state in which this makes sense: the button is there only then. */
  offered(row: RowValues): boolean;
  body: z.ZodType<Body>;
  preview?(services: Services, id: string): Promise<Preview>;
  perform(services: Services, id: string, body: Body, actor: StaffActor): Promise<Preview | undefined>;
}

/** Keeps the body's type inside, so that actions of different bodies stand in one list. */
export function recordAction<Body>(action: RecordAction<Body>): RecordAction {
  return { ...action, perform: (services, id, body, actor) => action.perform(services, id, action.body.parse(body), actor) };
}
