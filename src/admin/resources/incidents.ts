import { Incident } from '../../incidents/incident.model.ts';
import { incidentKinds } from '../../incidents/incidents.ts';
import { subjectTypes } from '../incident-subjects.ts';
import { choice, code, count, id, json, money, reference, related, state, text, time, type ResourceSpec } from './spec.ts';

export const incidents: ResourceSpec = {
  id: 'incidents',
  model: Incident,
  group: 'operations',
  fields: {
    id,
    kind: choice(...incidentKinds),
    summary: text,
    subjectType: choice(...subjectTypes),
    subjectId: { kind: 'subject', type: 'subjectType' },
    expected: code,
    found: code,
    amountMinor: money,
    currency: code,
    details: json,
    status: state('open', 'resolved'),
    occurrences: count,
    firstSeenAt: time,
    lastSeenAt: time,
    resolvedAt: time,
    resolvedBy: reference('staff'),
    resolution: text,
  },
  title: 'kind',
  list: ['status', 'kind', 'subjectId', 'amountMinor', 'expected', 'occurrences', 'lastSeenAt'],
  below: { status: 'resolution', kind: 'summary', expected: 'found', lastSeenAt: 'firstSeenAt' },
  show: [
    'id',
    'status',
    'summary',
    'subjectId',
    'amountMinor',
    'expected',
    'found',
    'firstSeenAt',
    'lastSeenAt',
    'occurrences',
    'resolvedAt',
    'resolution',
    'resolvedBy',
    'details',
  ],
  filters: ['status', 'kind', 'subjectId', 'lastSeenAt'],
  related: [related('audit_log', 'subjectId')],
  // `open` sorts before `resolved`.
  sort: { first: 'status', by: 'lastSeenAt', direction: 'desc' },
  sortable: ['lastSeenAt'],
};
