import { z } from 'zod';
import { inviteStaff } from '../../billing/invite-staff.ts';
import { changeStaff } from '../../billing/manage-staff.ts';
import { locales } from '../../kit/i18n.ts';
import { name } from './fields.ts';
import type { Form } from './form.ts';

const roles = ['owner', 'finance', 'support', 'viewer'] as const;
const statuses = ['invited', 'active', 'disabled'] as const;

const newStaff = z.strictObject({
  email: z.email('This is no e-mail address.').max(254),
  name,
  role: z.enum(roles),
  locale: z.enum(locales),
});
const changedStaff = z.strictObject({ name, role: z.enum(roles), status: z.enum(statuses), locale: z.enum(locales) });

/** Nobody sets another's password: who is new, or has forgotten theirs, gets a link. */
export const staff: Form = {
  fields: [
    { name: 'email', input: 'email', required: true, only: 'new', hint: 'inviteHint' },
    { name: 'name', input: 'text', required: true },
    { name: 'role', input: 'choice', values: roles, initial: 'viewer' },
    { name: 'status', input: 'choice', values: statuses, only: 'edit' },
    { name: 'locale', input: 'choice', values: locales, initial: 'en' },
  ],
  create: (services, body, by) => inviteStaff(services, newStaff.parse(body), by),
  update: (services, id, body, by) => changeStaff(services, id, changedStaff.parse(body), by),
};
