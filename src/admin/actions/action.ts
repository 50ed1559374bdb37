import { z } from 'zod';
import type { StaffActor } from '../../accounts/staff.ts';
import type { Services } from '../../billing/services.ts';
import type { ResourceId } from '../permissions.ts';

/** The row that an action is about, with the columns of its spec. */
export type RowValues = Readonly<Record<string, string | number | boolean | null>>;

/** Who looks at the row. */
export interface Viewer {
  staffId: string;
}

/** What the screen is told: before, what would happen; after, what did. */
export type Facts = Readonly<Record<string, string | number | boolean | null>>;

export interface Done {
  /** The text that tells of it, `messages.<message>` of the resource. */
  message: string;
  /** `info`: it is not finished yet. `error`: it was tried and did not come about. */
  type?: 'success' | 'info' | 'error';
  facts?: Facts;
}

/**
 * Something that staff can do to one row: a button, a screen that says what will happen, and a flow of `billing/` that
 * does it together with its entry in the audit log.
 */
export interface RecordAction<Body = unknown, Draft = unknown> {
  resource: ResourceId;
  name: string;
  icon: string;
  /** Stands on the row's own page: it has no button and no screen of its own. */
  inline?: boolean;
  /** Takes something away: the button is red. */
  danger?: boolean;
  /** Whether the row is in a state in which this makes sense, for whoever looks: the button is there only then. */
  offered(row: RowValues, viewer: Viewer): boolean;
  /** Fields that it does not name are refused. */
  body: z.ZodType<Body>;
  /** What the preview depends on, of what is typed so far; default: on none of it. */
  draft?: z.ZodType<Draft>;
  preview(services: Services, row: RowValues, draft: Draft): Promise<Facts>;
  perform(services: Services, row: RowValues, body: Body, actor: StaffActor): Promise<Done>;
}

/** Keeps the types of body and draft inside, so that actions of different ones stand in one list. */
export function recordAction<Body, Draft>(action: RecordAction<Body, Draft>): RecordAction {
  const { draft: schema = z.custom<Draft>(() => true), ...rest } = action;
  return {
    ...rest,
    preview: (services, row, draft) => action.preview(services, row, schema.parse(draft)),
    perform: (services, row, body, actor) => action.perform(services, row, action.body.parse(body), actor),
  };
}

export const reason = z.string().trim().min(1, 'Say why.').max(500, 'Say it in 500 characters.');

/** A column of the row that is known to hold text. */
export function textOf(row: RowValues, name: string): string {
  const value = row[name];
  if (typeof value !== 'string') throw new TypeError(`${name} is no text`);
  return value;
}
