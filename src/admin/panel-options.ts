import type {
  Action,
  After,
  ActionContext,
  ActionRequest,
  BaseRecord,
  CurrentAdmin,
  RecordActionResponse,
  RecordJSON,
  ResourceWithOptions,
} from 'adminjs';
import type { StaffActor, StaffRole } from '../accounts/staff.ts';
import type { Services } from '../billing/services.ts';
import type { Done, Facts, RecordAction, RowValues } from './actions/action.ts';
import { PanelResource } from './adapter/resource.ts';
import type { Form } from './forms/form.ts';
import { forms } from './forms/index.ts';
import { may } from './permissions.ts';
import type { Field, ResourceSpec } from './resources/spec.ts';
import { readExplainedCredits } from './explained-credits.ts';
import { readIncidentCase } from './incident-case.ts';
import { findSubjects, type IncidentRow } from './incident-subjects.ts';
import { readListPage } from './list-page.ts';
import { readOrderRefunds } from './order-refunds.ts';
import { readPlanPrices } from './plan-prices.ts';
import { readTimeline } from './story/timeline.ts';
import { readUserStory } from './user-story.ts';

/** What our router adds to AdminJS's request. */
export interface PanelRequest extends ActionRequest {
  actor: StaffActor;
}

/** A resource as AdminJS takes it: columns with our components, and only the actions that the permission table opens. */
export function toResource(
  spec: ResourceSpec,
  recordActions: readonly RecordAction[],
  services: Services,
): ResourceWithOptions {
  const form = forms[spec.id];
  const resource = new PanelResource(spec);
  const own = recordActions.filter(({ resource }) => resource === spec.id);
  return {
    resource,
    options: {
      navigation: { name: spec.group, icon: groupIcons[spec.group] },
      titleProperty: spec.title,
      sort: { sortBy: spec.sort.by, direction: spec.sort.direction },
      listProperties: [...spec.list],
      showProperties: [...spec.show],
      filterProperties: [...spec.filters],
      editProperties: [],
      properties: Object.fromEntries(
        Object.entries(spec.fields).map(([name, field]) => [name, property(field, spec.below?.[name])]),
      ),
      actions: {
        ...builtIn(resource, form, services),
        ...Object.fromEntries(own.map((action) => [action.name, toAction(action, services)])),
      },
    },
  };
}

const groupIcons: Readonly<Record<ResourceSpec['group'], string>> = {
  customers: 'Users',
  money: 'CreditCard',
  credits: 'Zap',
  catalogue: 'Tag',
  operations: 'Activity',
  team: 'Shield',
};

function property(field: Field, below: string | undefined): object {
  const { kind, ...rest } = field;
  return {
    custom: { kind, ...rest, below },
    components: { list: 'PanelCell', show: 'PanelField' },
    ...('values' in field && { availableValues: field.values.map((value) => ({ value, label: value })) }),
  };
}

type Options = Partial<Action<RecordActionResponse>>;

/** AdminJS's own actions, under our permission table and with our forms in the place of its. */
function builtIn(resource: PanelResource, form: Form | undefined, services: Services): Record<string, Options> {
  const { spec } = resource;
  const { id } = spec;
  const allowed = (name: string) => ({ isAccessible: (context: ActionContext) => may(roleOf(context), id, name) });
  const closed = { isAccessible: false, isVisible: false };
  const component = { component: 'PanelForm', custom: { fields: form?.fields ?? [] } };
  return {
    list: {
      ...allowed('list'),
      showFilter: false,
      handler: (request, _response, context) => readListPage(resource, request, context) as never,
      ...(id === 'incidents' && { after: linkSubjects(services) }),
    },
    search: allowed('search'),
    show: {
      ...allowed('show'),
      custom: { related: spec.related ?? [] },
      ...(id === 'users' && { after: addStory(services) }),
      ...(id === 'orders' && { after: addRefunds(services) }),
      ...(id === 'plans' && { after: addPrices(services) }),
      ...(id === 'incidents' && { after: [linkSubjects(services), addCase(services)] }),
    },
    new:
      form?.create === undefined
        ? closed
        : { ...allowed('new'), ...component, handler: handleNew(form.create, services) },
    edit:
      form?.update === undefined
        ? closed
        : { ...allowed('edit'), ...component, handler: handleEdit(form.update, services) },
    delete: closed,
    bulkDelete: closed,
    ...(id === 'users' && { explain: explain(services), timeline: timeline(services) }),
  };
}

function toAction(action: RecordAction, services: Services): Options {
  const { resource: id, name, icon, danger = false, inline = false } = action;
  return {
    name,
    actionType: 'record',
    icon,
    variant: danger ? 'danger' : 'default',
    component: 'PanelAction',
    isAccessible: (context) => may(roleOf(context), id, name),
    isVisible: (context) =>
      !inline &&
      (context.record === undefined ||
        action.offered(context.record.params, { staffId: String(context.currentAdmin?.id) })),
    handler: async (request, _response, context) => {
      const record = recordOf(context);
      const row = record.params as RowValues;
      if (request.method !== 'post') {
        const preview = await action.preview(services, row, request.query ?? {});
        return { record: withPreview(record, preview, context.currentAdmin) };
      }
      return done(context, record.id(), await action.perform(services, row, request.payload, actorOf(request)));
    },
  };
}

/** Looks only: where a customer's credits came from and went, at any instant. */
function explain(services: Services): Options {
  return {
    name: 'explain',
    actionType: 'record',
    icon: 'Search',
    component: 'PanelExplain',
    isAccessible: (context) => may(roleOf(context), 'users', 'explain'),
    handler: async (request, _response, context) => {
      const record = recordOf(context);
      const json = record.toJSON(context.currentAdmin);
      const answer = JSON.stringify(await readExplainedCredits(services, record.id(), request.query ?? {}));
      return { record: { ...json, params: { ...json.params, answer } } };
    },
  };
}

/** Looks only: a page of what happened to a customer, for the timeline of their page, which is why it is no button. */
function timeline(services: Services): Options {
  return {
    name: 'timeline',
    actionType: 'record',
    isVisible: false,
    isAccessible: (context) => may(roleOf(context), 'users', 'timeline'),
    handler: async (request, _response, context) => {
      const record = recordOf(context);
      const json = record.toJSON(context.currentAdmin);
      const page = await readTimeline(services, roleOf(context), record.id(), request.query ?? {});
      return { record: { ...json, params: { ...json.params, timeline: JSON.stringify(page) } } };
    },
  };
}

function addStory(services: Services): After<RecordActionResponse> {
  return async (answer, _request, context) => {
    const { record } = answer;
    const story = JSON.stringify(await readUserStory(services, record.id, roleOf(context)));
    return { ...answer, record: { ...record, params: { ...record.params, story } } };
  };
}

function addRefunds(services: Services): After<RecordActionResponse> {
  return async (answer) => {
    const { record } = answer;
    const refunds = JSON.stringify(await readOrderRefunds(services, record.id));
    return { ...answer, record: { ...record, params: { ...record.params, refunds } } };
  };
}

function addPrices(services: Services): After<RecordActionResponse> {
  return async (answer) => {
    const { record } = answer;
    const prices = JSON.stringify(await readPlanPrices(services, record.id));
    return { ...answer, record: { ...record, params: { ...record.params, prices } } };
  };
}

/** Tells of each incident, in a list or alone, which row it is about. */
function linkSubjects(services: Services): After<RecordActionResponse> {
  return async (answer) => {
    const list = answer['records'] as RecordJSON[] | undefined;
    const records = list ?? [answer.record];
    const links = await findSubjects(services, records.map(toIncidentRow));
    const linked = records.map((record) => {
      const subject = JSON.stringify(links.get(record.id) ?? null);
      return { ...record, params: { ...record.params, subject } };
    });
    return list === undefined ? { ...answer, record: linked[0] ?? answer.record } : { ...answer, records: linked };
  };
}

function addCase(services: Services): After<RecordActionResponse> {
  return async (answer, _request, context) => {
    const { record } = answer;
    const found = JSON.stringify(await readIncidentCase(services, roleOf(context), toIncidentRow(record)));
    return { ...answer, record: { ...record, params: { ...record.params, case: found } } };
  };
}

function toIncidentRow({ id, params }: RecordJSON): IncidentRow {
  return {
    id,
    subjectType: String(params['subjectType']),
    subjectId: String(params['subjectId']),
    details: JSON.parse(String(params['details'] ?? 'null')) as object | null,
  };
}

function handleNew(create: NonNullable<Form['create']>, services: Services): NonNullable<Options['handler']> {
  return async (request, _response, context) => {
    const id = await create(services, request.payload, actorOf(request));
    return done(context, id, { message: 'created' });
  };
}

function handleEdit(update: NonNullable<Form['update']>, services: Services): NonNullable<Options['handler']> {
  return async (request, _response, context) => {
    const record = recordOf(context);
    if (request.method !== 'post') return { record: record.toJSON(context.currentAdmin) };
    await update(services, record.id(), request.payload, actorOf(request));
    return done(context, record.id(), { message: 'saved' });
  };
}

/** The row as it is now, what to tell, and the page to go to. */
async function done(
  context: ActionContext,
  recordId: string,
  { message, type = 'success', facts = {} }: Done,
): Promise<RecordActionResponse> {
  const { resource, h, currentAdmin } = context;
  const record = await resource.findOne(recordId, context);
  if (record === null) throw new Error(`the row ${recordId} of ${resource.id()} is gone`);
  return {
    record: record.toJSON(currentAdmin),
    notice: { message, type, resourceId: resource.id(), options: { ...facts } },
    redirectUrl: h.recordActionUrl({ resourceId: resource.id(), recordId, actionName: 'show' }),
  };
}

function withPreview(record: BaseRecord, preview: Facts, currentAdmin: CurrentAdmin | undefined) {
  const json = record.toJSON(currentAdmin);
  return { ...json, params: { ...json.params, preview: JSON.stringify(preview) } };
}

function actorOf(request: ActionRequest): StaffActor {
  return (request as PanelRequest).actor;
}

function recordOf({ record }: ActionContext): BaseRecord {
  if (record === undefined) throw new Error('a record action without a record');
  return record;
}

function roleOf({ currentAdmin }: ActionContext): StaffRole {
  return currentAdmin?.['role'] as StaffRole;
}
