import type { DecoderConfig } from '../../nn/decoder-config.ts';
import type { Rope, RopeScaling } from '../../nn/rope-config.ts';
import { Fields } from './fields.ts';

const isNumber = (value: unknown): value is number => typeof value === 'number';

type Sizes = Pick<DecoderConfig, 'contextLength' | 'headDim'>;

/** What a family assumes of its rotary embedding, and fields of it that the family reads itself. */
export interface RopeDefaults {
  theta?: number;
  /** The share of a head that is rotated. Families that rotate whole heads refuse any other. */
  share?: number;
  own?: readonly string[];
  /** The length it was first trained for, where the config does not say. */
  originalContext?: number;
  /** Other names of kinds of scaling. */
  spellings?: Readonly<Record<string, keyof typeof READERS>>;
}

/**
 * The rotary embedding, in either spelling: `rope_theta` beside `rope_scaling` (Transformers 4), or both within
 * `rope_parameters` (Transformers 5). Where both objects stand, `rope_scaling` wins, as in Transformers 5.
 */
export function readRope(config: Fields, where: string, sizes: Sizes, defaults: RopeDefaults = {}): Rope {
  const [scaling, parameters] = [config.object('rope_scaling'), config.object('rope_parameters')];
  const [name, values] = isEmpty(scaling) ? ['rope_parameters', parameters ?? {}] as const : ['rope_scaling', scaling ?? {}] as const;
  // Older models keep the length they were trained for beside the object; Transformers lets it win.
  const context = config.has('original_max_position_embeddings') ? config.count('original_max_position_embeddings') : defaults.originalContext ?? null;
  const theta = config.number('rope_theta', defaults.theta ?? 10000);
  const share = readShare(config, defaults.share);
  return readParameters(new Fields(`${where}, ${name}`, values), sizes, { theta, share, context, own: defaults.own ?? [], spellings: defaults.spellings ?? {} });
}

/**
 * Two rotary embeddings, of layers that see everything and of those with a window: within `rope_parameters` by kind of
 * layer (Transformers 5), or as `rope_theta` with `rope_scaling` and `rope_local_base_freq` (Transformers 4).
 */
export function readRopeByKind(config: Fields, where: string, sizes: Sizes, theta: { full: number; windowed: number }): { full: Rope; windowed: Rope } {
  const parameters = new Fields(`${where}, rope_parameters`, config.object('rope_parameters') ?? {});
  const scaling = config.object('rope_scaling') ?? {};
  const read = (kind: string, assumed: number, more: object): Rope => {
    const values = { ...parameters.object(kind), ...more };
    // Transformers looks for it beside the kinds, so within one it says nothing.
    new Fields(`${where}, rope_parameters, ${kind}`, values).only('truncate', true);
    return readParameters(new Fields(`${where}, rope_parameters, ${kind}`, values), sizes, { theta: assumed, context: null, own: [], spellings: {} });
  };
  const ropes = {
    full: read('full_attention', config.number('rope_theta', theta.full), scaling),
    windowed: read('sliding_attention', config.number('rope_local_base_freq', theta.windowed), {}),
  };
  parameters.refuseRest();
  return ropes;
}

/** What is read outside the object, for where the object is silent. */
interface Outer { theta: number; share?: number | undefined; context: number | null; own: readonly string[]; spellings: Readonly<Record<string, keyof typeof READERS>> }

function readParameters(fields: Fields, { contextLength, headDim }: Sizes, outer: Outer): Rope {
  const theta = fields.number('rope_theta', outer.theta);
  const width = Math.floor(headDim * (readShare(fields, outer.share) ?? 1));
  if (width % 2 !== 0) throw fields.wrong('partial_rotary_factor', `which rotates an odd number (${width}) of each head's ${headDim} elements`);
  const others = Object.fromEntries(Object.entries(outer.spellings).map(([name, kind]) => [name, READERS[kind]!]));
  const read = fields.choice(fields.has('rope_type') ? 'rope_type' : 'type', { ...READERS, ...others }, 'default');
  fields.ignore(['type', ...outer.own]);
  const scaling = read(fields, (field) => {
    const inner = fields.count(field, contextLength);
    return outer.context ?? inner;
  }, width);
  fields.refuseRest();
  return { theta, scaling, width };
}

function readShare(fields: Fields, assumed: number | undefined): number | undefined {
  if (assumed !== undefined) return fields.number('partial_rotary_factor', assumed);
  fields.only('partial_rotary_factor', 1);
  return undefined;
}

function isEmpty(values: object | null): boolean {
  return values === null || Object.keys(values).length === 0;
}

type Reader = (fields: Fields, originalContext: (field: string) => number, width: number) => RopeScaling | null;

const ORIGINAL = 'original_max_position_embeddings';

const READERS: Readonly<Record<string, Reader>> = {
  default: () => null,
  linear: (fields) => ({ type: 'linear', factor: fields.number('factor') }),
  dynamic: (fields) => ({ type: 'dynamic', factor: fields.number('factor') }),
  llama3: (fields, originalContext) => ({
    type: 'llama3', factor: fields.number('factor'), lowFreqFactor: fields.number('low_freq_factor'),
    highFreqFactor: fields.number('high_freq_factor'), originalContext: originalContext(ORIGINAL),
  }),
  yarn: (fields, originalContext) => ({
    type: 'yarn', factor: fields.number('factor'), originalContext: originalContext(ORIGINAL),
    betaFast: fields.number('beta_fast', 32), betaSlow: fields.number('beta_slow', 1), attentionFactor: optional(fields, 'attention_factor'),
    mscale: optional(fields, 'mscale'), mscaleAllDim: optional(fields, 'mscale_all_dim'), truncate: fields.flag('truncate', true),
  }),
  longrope: (fields, originalContext, width) => ({
    type: 'longrope', shortFactor: factors(fields, 'short_factor', width), longFactor: factors(fields, 'long_factor', width),
    originalContext: originalContext(ORIGINAL), factor: optional(fields, 'factor'), attentionFactor: optional(fields, 'attention_factor'),
  }),
};

function optional(fields: Fields, name: string): number | null {
  return fields.has(name) ? fields.number(name) : null;
}

function factors(fields: Fields, name: string, width: number): readonly number[] {
  const list = fields.list(name, 'numbers', isNumber);
  if (list.length !== width / 2) throw fields.wrong(name, `expected ${width / 2} numbers, half the width of what is rotated of a head`);
  return list;
}
