import { z } from 'zod';
import { ValidationFailed } from '../errors.ts';

/** Checks what came from outside against a schema. @throws ValidationFailed naming every field that is wrong */
export function validate<Schema extends z.ZodType>(schema: Schema, value: unknown): z.infer<Schema> {
  const parsed = schema.safeParse(value ?? {});
  if (parsed.success) return parsed.data;
  throw new ValidationFailed(parsed.error.issues.flatMap(describe));
}

function describe(issue: z.core.$ZodIssue): { path: string; message: string }[] {
  const path = issue.path.join('.');
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ path: [...issue.path, key].join('.'), message: 'is not a known field' }));
  }
  return [{ path, message: issue.message }];
}

/** In small letters, as the database writes it: two spellings of one id would count as two. */
export const uuid = z.guid().toLowerCase();
/** Text without control characters, trimmed. */
export function text(maxLength: number, minLength = 1): z.ZodType<string, string> {
  return z
    .string()
    .trim()
    .min(minLength)
    .max(maxLength)
    .refine((value) => !/[\p{Cc}]/u.test(value), { message: 'must not contain control characters' });
}
