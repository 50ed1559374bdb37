import { z } from 'zod';
import { passwordMaxBytes, passwordMinLength } from '../../accounts/passwords.ts';
import { addStaff, changeStaff } from '../../billing/manage-staff.ts';
import { locales } from '../../kit/i18n.ts';
import { name } from './fields.ts';
import type { Form } from './form.ts';

const roles = ['owner', 'finance', 'support', 'viewer'] as const;
const statuses = ['active', 'disabled'] as const;

const password = z
  .string()
  .min(passwordMinLength, `Use at least ${passwordMinLength} characters.`)
  .refine((text) => Buffer.byteLength(text) <= passwordMaxBytes, `Use at most ${passwordMaxBytes} bytes.`);

const newStaff = z.strictObject({
  email: z.email('This is no e-mail address.').max(254),
  name,
  role: z.enum(roles),
  password,
});
const changedStaff = z.strictObject({
  name,
  role: z.enum(roles),
  status: z.enum(statuses),
  locale: z.enum(locales),
  password: z.union([z.literal('').transform(() => undefined), password]).optional(),
});

export const staff: Form = {
  fields: [
    { name: 'email', input: 'email', required: true, only: 'new' },
    { name: 'name', input: 'text', required: true },
    { name: 'role', input: 'choice', values: roles, initial: 'viewer' },
    { name: 'status', input: 'choice', values: statuses, only: 'edit' },
    { name: 'locale', input: 'choice', values: locales, only: 'edit' },
    { name: 'password', input: 'password', hint: 'passwordHint' },
  ],
  create: (services, body, by) => addStaff(services, newStaff.parse(body), by),
  update: (services, id, body, by) => changeStaff(services, id, changedStaff.parse(body), by),
};
