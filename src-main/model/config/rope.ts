import type { LlamaConfig, RopeScaling } from '../../nn/config.ts';
import { Fields } from './fields.ts';

const isNumber = (value: unknown): value is number => typeof value === 'number';

/**
 * The rotary embedding, in either spelling: `rope_theta` beside `rope_scaling` (Transformers 4), or both within
 * `rope_parameters` (Transformers 5). Where both objects stand, `rope_scaling` wins, as in Transformers 5.
 */
export function readRope(config: Fields, where: string, contextLength: number, headDim: number): LlamaConfig['rope'] {
  const [scaling, parameters] = [config.object('rope_scaling'), config.object('rope_parameters')];
  const outerTheta = config.number('rope_theta', 10000);
  // Older models keep the length they were trained for beside the object; Transformers lets it win.
  const outerContext = config.has('original_max_position_embeddings') ? config.count('original_max_position_embeddings') : null;
  config.only('partial_rotary_factor', 1);

  const [name, values] = isEmpty(scaling) ? ['rope_parameters', parameters ?? {}] as const : ['rope_scaling', scaling ?? {}] as const;
  const fields = new Fields(`${where}, ${name}`, values);
  const theta = fields.number('rope_theta', outerTheta);
  fields.only('partial_rotary_factor', 1);
  const read = fields.choice(fields.has('rope_type') ? 'rope_type' : 'type', READERS, 'default');
  fields.ignore(['type']);
  const result = read(fields, (field) => outerContext ?? fields.count(field, contextLength), headDim);
  fields.refuseRest();
  return { theta, scaling: result };
}

function isEmpty(values: object | null): boolean {
  return values === null || Object.keys(values).length === 0;
}

type Reader = (fields: Fields, originalContext: (field: string) => number, headDim: number) => RopeScaling | null;

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
  longrope: (fields, originalContext, headDim) => ({
    type: 'longrope', shortFactor: factors(fields, 'short_factor', headDim), longFactor: factors(fields, 'long_factor', headDim),
    originalContext: originalContext(ORIGINAL), factor: optional(fields, 'factor'), attentionFactor: optional(fields, 'attention_factor'),
  }),
};

function optional(fields: Fields, name: string): number | null {
  return fields.has(name) ? fields.number(name) : null;
}

function factors(fields: Fields, name: string, headDim: number): readonly number[] {
  const list = fields.list(name, 'numbers', isNumber);
  if (list.length !== headDim / 2) throw fields.wrong(name, `expected ${headDim / 2} numbers, half the width of a head`);
  return list;
}
