import type { z } from 'zod';

/** What a validator found wrong, in words: the field, its value, what is expected. */
export function describeIssue(issue: z.core.$ZodIssue, json: unknown): string {
  const field = issue.path.join('.');
  if (issue.code === 'unrecognized_keys') {
    const keys = issue.keys.map((key) => (field ? `${field}.${key}` : key)).join(', ');
    const told = issue.message.startsWith('Unrecognized') ? '' : `: ${issue.message}`;
    return `there is no field ${keys}${told}`;
  }
  const value = issue.path.reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown> | undefined)?.[key], json);
  const name = field || 'the whole';
  return value === undefined ? `${name} is missing` : `${name} is ${JSON.stringify(value)}: ${issue.message}`;
}
