import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { ownerOf, PRESET_TABLE, PRESETS, resolveMethod, type Method } from '../src-main/contract/presets.ts';
import { recipeSchema } from '../src-main/contract/recipe.ts';

/** The part of JSON Schema that the recipe uses. */
export interface Field {
  type?: string;
  description?: string;
  default?: unknown;
  enum?: string[];
  items?: Field;
  properties?: Record<string, Field>;
  /** Kinds of a value, each with fields of its own. */
  oneOf?: Field[];
  /** Values of one kind or another. */
  anyOf?: Field[];
  const?: string;
  required?: string[];
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  exclusiveMaximum?: number;
}

/** docs/recipe.md, from the validators; run as a program (`npm run docs`) it rewrites the file. A test holds the two together. */
export function recipePage(): string {
  const recipe = z.toJSONSchema(recipeSchema, { io: 'input' }) as Field;
  const parts = Object.entries(recipe.properties ?? {});
  return [
    '# The recipe',
    'Generated from `src-main/contract/recipe.ts` by `npm run docs`; not to be edited.',
    'One JSON document describes a run. Paths are relative to the recipe\'s own file. A field that is not listed here is refused.',
    ...table('', { ...recipe, properties: Object.fromEntries(parts.filter(([, field]) => !field.properties && !field.oneOf)) }),
    ...parts.flatMap(([name, field]) => section(name, field, recipe.required?.includes(name) ?? false)),
    ...presets(),
    '',
  ].join('\n\n');
}

function section(path: string, field: Field, required: boolean): string[] {
  if (field.oneOf) return [`## \`${path}\``, field.description ?? '', ...field.oneOf.flatMap((kind) => kindOf(path, kind))];
  if (!field.properties) return [];
  const inner = Object.entries(field.properties).flatMap(([name, part]) => section(`${path}.${name}`, part, false));
  const words = [required ? 'Required.' : '', field.description ?? ''].filter(Boolean).join(' ');
  return [`## \`${path}\``, ...(words ? [words] : []), ...table(`${path}.`, field), ...inner];
}

function kindOf(path: string, { description = '', properties = {}, ...rest }: Field): string[] {
  const { kind, ...others } = properties;
  return [`### \`${path}.kind\` \`${kind?.const}\``, description, ...table(`${path}.`, { ...rest, properties: others })];
}

export function table(path: string, { properties = {}, required = [] }: Field): string[] {
  const rows = Object.entries(properties).filter(([, field]) => !field.properties && !field.oneOf).map(([name, field]) => {
    const standard = required.includes(name) ? 'required' : defaultOf(`${path}${name}`, field);
    return row(`\`${name}\``, allowed(field), standard, field.description ?? '');
  });
  return rows.length === 0 ? [] : [[row('field', 'value', 'default', 'meaning'), row('---', '---', '---', '---'), ...rows].join('\n')];
}

function allowed(field: Field): string {
  if (field.anyOf) return field.anyOf.map(allowed).join(', or ');
  if (field.const !== undefined) return code(field.const);
  if (field.enum) return field.enum.map(code).join(', ');
  if (field.items) return `list of ${allowed(field.items)}`;
  if (field.type === 'boolean') return '`true`, `false`';
  if (field.type !== 'integer' && field.type !== 'number') return field.type ?? '';
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum } = field;
  const bounds = [
    minimum === undefined ? '' : `>= ${minimum}`,
    exclusiveMinimum === undefined ? '' : `> ${exclusiveMinimum}`,
    maximum === undefined || maximum === Number.MAX_SAFE_INTEGER ? '' : `<= ${maximum}`,
    exclusiveMaximum === undefined ? '' : `< ${exclusiveMaximum}`,
  ].filter(Boolean);
  return [field.type, bounds.join(' and ')].join(' ').trim();
}

function defaultOf(path: string, field: Field): string {
  if (field.default !== undefined) return code(field.default);
  if (!path.startsWith('method.')) return '';
  const name = path.slice('method.'.length) as keyof Method;
  const owner = ownerOf(name);
  const values = new Set((owner ? [owner] : PRESETS).map((preset) => resolveMethod({ preset }).method[name]));
  if (values.has(undefined)) return '';
  return values.size > 1 ? 'by the preset' : [...values].map(code).join();
}

function presets(): string[] {
  const rows = PRESETS.map((name) => {
    const { summary, fixed, choices, defaults } = PRESET_TABLE[name];
    const always = [settings(fixed), choices ? `\`divergence\` ${choices.divergence.join(' or ')}` : ''].filter(Boolean).join(', ');
    return row(`\`${name}\``, summary, always, settings(defaults));
  });
  return [
    '## Presets',
    'A preset is what `method.preset` names. A recipe that contradicts what a method always does is refused; what it starts from can be chosen otherwise.',
    [row('preset', 'method', 'always', 'starts from'), row('---', '---', '---', '---'), ...rows].join('\n'),
  ];
}

const settings = (values: Partial<Method>): string => Object.entries(values).map(([name, value]) => `\`${name}\` ${code(value).slice(1, -1)}`).join(', ');
// A line break would end the table.
const code = (value: unknown): string => `\`${typeof value === 'string' && !value.includes('\n') ? value : JSON.stringify(value)}\``;
const row = (...cells: string[]): string => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await writeFile(new URL('recipe.md', import.meta.url), recipePage());
}
