import { z } from 'zod';
import { closestName } from '../../contract/closest-name.ts';

/** The part of JSON Schema in which fields are looked for. */
interface Field { properties?: Record<string, Field>; items?: Field; oneOf?: Field[]; anyOf?: Field[] }

/**
 * The field that an unknown one most likely means, with its path: one of the same section that is spelt nearly so, or else the
 * only one of that name in another section. @param at  path of the section in the document that `schema` describes
 */
export function meantField(schema: z.ZodType, at: readonly PropertyKey[], name: string): string | undefined {
  const whole = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Field;
  const section = at.reduce<Field[]>((fields, key) => fields.flatMap((field) => (typeof key === 'number' ? field.items ?? [] : partsOf(field)[String(key)] ?? [])), [whole]);
  const near = closestName(name, section.flatMap((field) => Object.keys(partsOf(field))));
  if (near !== undefined) return [...at, near].join('.');
  const elsewhere = pathsOf(whole, '').filter((path) => bare(path.split('.').at(-1)!) === bare(name));
  return elsewhere.length === 1 ? elsewhere[0] : undefined;
}

/** Fields of a section in all the kinds that it may have. */
function partsOf({ properties = {}, oneOf = [], anyOf = [] }: Field): Record<string, Field> {
  return Object.assign({}, ...[...oneOf, ...anyOf].map(partsOf), properties) as Record<string, Field>;
}

/** Every field with its path, those of lists apart, which stand in no one place. */
function pathsOf(field: Field, before: string): string[] {
  return Object.entries(partsOf(field)).flatMap(([name, part]) => [`${before}${name}`, ...pathsOf(part, `${before}${name}.`)]);
}

/** A name without how it is joined: learning_rate is learningRate. */
const bare = (name: string): string => name.replaceAll(/[_-]/g, '').toLowerCase();
