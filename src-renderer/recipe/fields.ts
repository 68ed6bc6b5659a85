import { z } from 'zod';
import { recipeSchema } from '../../src-main/contract/recipe.ts';
import type { UnfinishedRecipe } from './paths.ts';

/** A field of the recipe as a form shows it; all of it comes from the validators, the help text too. */
export interface RecipeField {
  /** `train.batchSize` */
  path: string;
  label: string;
  help: string;
  kind: 'integer' | 'number' | 'boolean' | 'choice' | 'text' | 'list';
  options: readonly string[];
  minimum: number | undefined;
  maximum: number | undefined;
  /** Whether the bounds themselves are not allowed. */
  isMinimumOpen: boolean;
  isMaximumOpen: boolean;
  isRequired: boolean;
  default: unknown;
  /** Kinds of its section that have the field; null where it is there whatever the kind. */
  kinds: readonly string[] | null;
}

/** The part of JSON Schema that the recipe uses. */
interface Schema {
  type?: string;
  description?: string;
  default?: unknown;
  enum?: string[];
  properties?: Record<string, Schema>;
  /** Kinds of a value, each with fields of its own. */
  oneOf?: Schema[];
  const?: string;
  required?: string[];
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  exclusiveMaximum?: number;
}

/** Every field of the recipe by its path, in the order of the contract. */
export const RECIPE_FIELDS: ReadonlyMap<string, RecipeField> = new Map(
  fieldsOf(z.toJSONSchema(recipeSchema, { io: 'input' }) as Schema, '').map((field) => [field.path, field]));

/** @throws where the recipe has no such field: a mistake in the program. */
export function recipeField(path: string): RecipeField {
  const field = RECIPE_FIELDS.get(path);
  if (!field) throw new Error(`the recipe has no field ${path}`);
  return field;
}

/** The fields of `train`, `evaluate.decode` and so on, those of sections within included. */
export function fieldsIn(section: string): RecipeField[] {
  return [...RECIPE_FIELDS.values()].filter(({ path }) => path.startsWith(`${section}.`));
}

/** Where a field is found, as a person calls it: "Validation file", "Student's device". */
export function fieldName(path: string): string {
  const [, stage, field] = OF_STAGE.exec(path) ?? [];
  if (stage !== undefined) return `Stage ${Number(stage) + 1}: ${fieldName(field!)}`;
  return NAMES[path] ?? RECIPE_FIELDS.get(path)?.label ?? path;
}

const OF_STAGE = /^stages\.(\d+)\.(.+)$/;

/** The recipe's field that a stage's is one of; others are themselves. */
export const withoutStage = (path: string): string => OF_STAGE.exec(path)?.[2] ?? path;

const NAMES: Readonly<Record<string, string>> = {
  'method.preset': 'Method', 'data.train': 'Training file', 'data.validation': 'Validation file', 'data.prompt': 'Prompt template', 'data.completion': 'Completion template',
  'data.messages': 'Column with the messages', 'teacher.model': 'Teacher', 'student.model': 'Student', 'teacher.device': 'Teacher\'s device',
  'student.device': 'Student\'s device', 'train.compute': 'Products in training', 'student.ship': 'Train it as it will be exported', 'evaluate.metrics': 'Metrics', 'evaluate.every': 'Evaluate every', 'checkpoint.every': 'Checkpoint every',
};

/** What a field takes, in words: "a whole number above 0". */
export function allowedIn({ kind, options, minimum, maximum, isMinimumOpen, isMaximumOpen }: RecipeField): string {
  if (kind === 'choice') return `one of ${options.join(', ')}`;
  if (kind !== 'integer' && kind !== 'number') return { boolean: 'yes or no', text: 'a text', list: 'names, separated by commas' }[kind];
  const bounds = [
    minimum === undefined ? '' : isMinimumOpen ? `above ${minimum}` : `at least ${minimum}`,
    maximum === undefined ? '' : isMaximumOpen ? `below ${maximum}` : `at most ${maximum}`,
  ].filter(Boolean);
  return [kind === 'integer' ? 'a whole number' : 'a number', bounds.join(' and ')].join(' ').trim();
}

/** A recipe with its sections in the contract's order, for reading. */
export function inOrder(recipe: UnfinishedRecipe): Record<string, unknown> {
  const known = Object.keys(recipeSchema.shape);
  return Object.fromEntries(Object.entries(recipe).sort(([a], [b]) => known.indexOf(a) - known.indexOf(b)));
}

function fieldsOf({ properties = {}, required = [] }: Schema, before: string): RecipeField[] {
  return Object.entries(properties).flatMap(([name, schema]) => {
    const path = `${before}${name}`;
    if (schema.oneOf) return kindsOf(path, schema.oneOf, schema.description ?? '');
    return schema.properties ? fieldsOf(schema, `${path}.`) : [fieldOf(path, schema, required.includes(name))];
  });
}

/** A section with kinds: which one it is, and the fields of all of them. */
function kindsOf(path: string, variants: readonly Schema[], help: string): RecipeField[] {
  const kindOf = ({ properties }: Schema): string => properties!['kind']!.const!;
  const kind = fieldOf(`${path}.kind`, { enum: variants.map(kindOf), description: `${help} ${variants.map((variant) => `${kindOf(variant)}: ${variant.description}`).join(' ')}` }, false);
  const fields = new Map<string, RecipeField>();
  for (const variant of variants) {
    for (const { kinds: _, ...field } of fieldsOf(variant, `${path}.`)) {
      if (field.path === kind.path) continue;
      fields.set(field.path, { ...field, kinds: [...fields.get(field.path)?.kinds ?? [], kindOf(variant)] });
    }
  }
  return [{ ...kind, label: labelOf(path) }, ...fields.values()];
}

function fieldOf(path: string, schema: Schema, isRequired: boolean): RecipeField {
  const bound = (value: number | undefined): number | undefined => (value === undefined || Math.abs(value) === Number.MAX_SAFE_INTEGER ? undefined : value);
  return {
    path, isRequired,
    label: labelOf(path),
    help: schema.description ?? '',
    kind: kindOf(schema),
    options: schema.enum ?? [],
    minimum: bound(schema.minimum ?? schema.exclusiveMinimum),
    maximum: bound(schema.maximum ?? schema.exclusiveMaximum),
    isMinimumOpen: schema.exclusiveMinimum !== undefined,
    isMaximumOpen: schema.exclusiveMaximum !== undefined,
    default: schema.default,
    kinds: null,
  };
}

function kindOf({ type, enum: options }: Schema): RecipeField['kind'] {
  if (options) return 'choice';
  if (type === 'integer' || type === 'number' || type === 'boolean') return type;
  return type === 'array' ? 'list' : 'text';
}

/** `train.microBatchSize` becomes "Micro batch size": the field's own name, readable. */
function labelOf(path: string): string {
  const words = path.slice(path.lastIndexOf('.') + 1).replace(/([a-z])([A-Z0-9])/g, '$1 $2').toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}
