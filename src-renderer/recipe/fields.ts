import { z } from 'zod';
import { recipeSchema } from '../../src-main/contract/recipe.ts';
import type { UnfinishedRecipe } from './paths.ts';
import { spoken } from './spoken.ts';

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
  'method.preset': 'Method', 'method.reward.kind': 'Reward',
  'data.train': 'Training file', 'data.validation': 'Validation file', 'data.validationShare': 'Share held out', 'data.prompt': 'Prompt template', 'data.completion': 'Completion template',
  'data.messages': 'Column with the messages', 'data.learn': 'Turns that are learned', 'data.tools': 'Column with the tools', 'data.system': 'System message', 'data.chat': 'Wrap the prompt as a chat turn',
  'data.shots.file': 'Shots', 'data.shots.count': 'Number of shots', 'data.shots.template': 'Template of a shot',
  'teacher.model': 'Teacher', 'teacher.device': 'Teacher\'s device', 'teacher.precision': 'Teacher\'s precision', 'teacher.products': 'Products by the teacher\'s weights',
  'teacher.server.url': 'Address of the server', 'teacher.server.protocol': 'What it speaks', 'teacher.server.model': 'Model on the server', 'teacher.server.topLogprobs': 'Likeliest tokens told',
  'teacher.server.allowRemote': 'It may be on another machine', 'teacher.server.timeoutSeconds': 'Seconds for an answer', 'teacher.server.parallel': 'Requests at once',
  'student.model': 'Student', 'student.device': 'Student\'s device', 'student.ship': 'Train it as it will be exported',
  'student.precision': 'Precision of the weights beside it', 'student.products': 'Products by these weights',
  'train.compute': 'Products in training', 'evaluate.metrics': 'Metrics', 'evaluate.every': 'Evaluate every (steps)', 'checkpoint.every': 'Checkpoint every (steps)',
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
    help: spoken(schema.description ?? ''),
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
