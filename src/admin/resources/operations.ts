import { ApiKey } from '../../accounts/api-key.model.ts';
import { Staff } from '../../accounts/staff.model.ts';
import { AuditEntry } from '../../audit/audit-entry.model.ts';
import { JobRun } from '../../jobs/job-run.model.ts';
import { Email } from '../../mail/email.model.ts';
import { ProviderEventRow } from '../../payments/provider-event.model.ts';
import { choice, code, count, id, json, reference, state, text, time, word, type ResourceSpec } from './spec.ts';

export const emails: ResourceSpec = {
  id: 'emails',
  model: Email,
  group: 'operations',
  // `data` fills the template and can hold a link that signs somebody in: it stays in the database.
  fields: {
    id,
    userId: reference('users'),
    toAddress: text,
    template: word,
    subject: text,
    locale: choice('en', 'zh-CN'),
    status: state('pending', 'sent', 'failed'),
    attempts: count,
    error: { kind: 'longText' },
    dedupeKey: code,
    createdAt: time,
    sentAt: time,
  },
  title: 'subject',
  list: ['toAddress', 'template', 'subject', 'status', 'attempts', 'createdAt', 'sentAt'],
  show: [
    'id',
    'userId',
    'toAddress',
    'template',
    'subject',
    'locale',
    'status',
    'attempts',
    'error',
    'dedupeKey',
    'createdAt',
    'sentAt',
  ],
  filters: ['toAddress', 'userId', 'template', 'status', 'locale', 'createdAt'],
  sort: { by: 'createdAt', direction: 'desc' },
  sortable: ['createdAt'],
};

export const providerEvents: ResourceSpec = {
  id: 'provider_events',
  model: ProviderEventRow,
  group: 'operations',
  fields: {
    id,
    provider: code,
    eventId: code,
    type: code,
    kind: code,
    outcome: word,
    attempts: count,
    error: { kind: 'longText' },
    receivedAt: time,
    handledAt: time,
  },
  title: 'eventId',
  list: ['provider', 'type', 'eventId', 'outcome', 'attempts', 'receivedAt', 'handledAt'],
  show: ['id', 'provider', 'eventId', 'type', 'kind', 'outcome', 'attempts', 'error', 'receivedAt', 'handledAt'],
  filters: ['provider', 'eventId', 'type', 'outcome', 'receivedAt', 'handledAt'],
  sort: { by: 'receivedAt', direction: 'desc' },
  sortable: ['receivedAt'],
};

export const jobRuns: ResourceSpec = {
  id: 'job_runs',
  model: JobRun,
  group: 'operations',
  fields: {
    id,
    job: code,
    scheduledFor: time,
    startedAt: time,
    finishedAt: time,
    counts: json,
    error: { kind: 'longText' },
  },
  title: 'job',
  list: ['job', 'scheduledFor', 'startedAt', 'finishedAt', 'counts', 'error'],
  show: ['id', 'job', 'scheduledFor', 'startedAt', 'finishedAt', 'counts', 'error'],
  filters: ['job', 'scheduledFor', 'startedAt'],
  sort: { by: 'startedAt', direction: 'desc' },
  sortable: ['startedAt', 'scheduledFor'],
};

export const apiKeys: ResourceSpec = {
  id: 'api_keys',
  model: ApiKey,
  group: 'operations',
  fields: {
    id,
    name: text,
    prefix: code,
    scopes: json,
    createdBy: reference('staff'),
    createdAt: time,
    lastUsedAt: time,
    revokedAt: time,
  },
  title: 'name',
  list: ['name', 'prefix', 'scopes', 'createdAt', 'lastUsedAt', 'revokedAt'],
  show: ['id', 'name', 'prefix', 'scopes', 'createdBy', 'createdAt', 'lastUsedAt', 'revokedAt'],
  filters: ['name', 'prefix'],
  sort: { by: 'createdAt', direction: 'desc' },
  sortable: ['createdAt', 'name'],
};

export const staff: ResourceSpec = {
  id: 'staff',
  model: Staff,
  group: 'team',
  fields: {
    id,
    email: text,
    name: text,
    role: choice('owner', 'finance', 'support', 'viewer'),
    status: state('active', 'disabled'),
    locale: choice('en', 'zh-CN'),
    lastLoginAt: time,
    createdAt: time,
    updatedAt: time,
  },
  title: 'name',
  list: ['name', 'email', 'role', 'status', 'lastLoginAt', 'createdAt'],
  show: ['id', 'name', 'email', 'role', 'status', 'locale', 'lastLoginAt', 'createdAt', 'updatedAt'],
  filters: ['email', 'name', 'role', 'status'],
  sort: { by: 'createdAt', direction: 'desc' },
  sortable: ['createdAt', 'name', 'email'],
};

export const auditLog: ResourceSpec = {
  id: 'audit_log',
  model: AuditEntry,
  group: 'team',
  fields: {
    id,
    staffId: reference('staff'),
    actor: text,
    action: word,
    subjectType: word,
    subjectId: code,
    reason: text,
    before: json,
    after: json,
    address: code,
    createdAt: time,
  },
  title: 'action',
  list: ['actor', 'action', 'subjectType', 'subjectId', 'reason', 'createdAt'],
  show: [
    'id',
    'staffId',
    'actor',
    'action',
    'subjectType',
    'subjectId',
    'reason',
    'address',
    'createdAt',
    'before',
    'after',
  ],
  filters: ['staffId', 'actor', 'action', 'subjectType', 'subjectId', 'createdAt'],
  sort: { by: 'createdAt', direction: 'desc' },
  sortable: ['createdAt'],
};
