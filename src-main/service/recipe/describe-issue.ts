import type { z } from 'zod';
import { meantField } from './meant-field.ts';

/** What a validator found wrong, in words: the field, its value, what is expected. @param schema  that of the document */
export function describeIssue(issue: z.core.$ZodIssue, json: unknown, schema: z.ZodType): string {
  const field = issue.path.join('.');
  if (issue.code === 'unrecognized_keys') {
    const keys = issue.keys.map((key) => (field ? `${field}.${key}` : key)).join(', ');
    if (!issue.message.startsWith('Unrecognized')) return `there is no field ${keys}: ${issue.message}`;
    const meant = [...new Set(issue.keys.flatMap((key) => meantField(schema, issue.path, key) ?? []))];
    return `there is no field ${keys}${meant.length === 0 ? '' : ` (did you mean ${meant.join(', ')}?)`}`;
  }
  const value = issue.path.reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown> | undefined)?.[key], json);
  const name = field || 'the whole';
  return value === undefined ? `${name} is missing` : `${name} is ${JSON.stringify(value)}: ${issue.message}`;
}
