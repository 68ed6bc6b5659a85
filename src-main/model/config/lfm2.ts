import type { JsonObject } from '../../files/json-object.ts';
import type { Lfm2Config } from '../../nn/families/lfm2.ts';
import { readDecoder } from './decoder.ts';
import { Fields } from './fields.ts';
import { INERT_FIELDS } from './inert.ts';
import { readRope } from './rope.ts';

const DEFAULTS = {
  vocabSize: 65_536, hiddenSize: 2560, layers: 32, heads: 32, kvHeads: 8, headDim: null, intermediateSize: 12_288, normEpsilon: 1e-5,
  contextLength: 128_000, tied: true, activation: 'silu',
} as const;

/** Of first weights, and sizes said again. */
const INERT = [
  'block_dim', 'block_norm_eps', 'block_mlp_init_scale', 'block_out_init_scale', 'block_use_swiglu', 'block_use_xavier_init', 'conv_dim', 'conv_dim_out',
  'conv_use_xavier_init', 'num_heads', 'use_pos_enc', 'theta',
];

const isText = (value: unknown): value is string => typeof value === 'string';
const isIndex = (value: unknown): value is number => Number.isInteger(value);

/** Reads a config of LFM2. Throws a `Problem` that names the field and its value. */
export function readLfm2Config(where: string, raw: JsonObject): Lfm2Config {
  const fields = new Fields(where, raw);
  const { intermediateSize, tiedEmbeddings, ...decoder } = readDecoder(fields, DEFAULTS, { epsilon: 'norm_eps' });
  const config: Lfm2Config = {
    family: 'lfm2', modelType: 'lfm2', ...decoder,
    tiedEmbeddings: fields.flag('tie_embedding', tiedEmbeddings),
    intermediateSize: adjusted(fields, fields.count('block_ff_dim', intermediateSize)),
    rope: readRope(fields, where, decoder, { theta: 1e6 }),
    windows: Array.from({ length: decoder.layers }, () => null),
    attends: attentionLayers(fields, decoder.layers),
    kernel: fields.count('conv_L_cache', 3),
    convolutionBias: fields.flag('conv_bias', false),
  };
  fields.ignore([...INERT, ...INERT_FIELDS]);
  fields.refuseRest();
  return config;
}

/** The config states a width from which that of the feed-forward follows. */
function adjusted(fields: Fields, stated: number): number {
  const multiple = fields.count('block_multiple_of', 256);
  const factor = fields.isNull('block_ffn_dim_multiplier') ? null : fields.number('block_ffn_dim_multiplier', 1);
  if (!fields.flag('block_auto_adjust_ff_dim', true)) return stated;
  const share = Math.trunc((2 * stated) / 3);
  return factor === null ? share : multiple * Math.ceil(Math.trunc(factor * share) / multiple);
}

function attentionLayers(fields: Fields, layers: number): boolean[] {
  const indices = fields.has('full_attn_idxs') ? fields.list('full_attn_idxs', 'whole numbers', isIndex) : null;
  if (!fields.has('layer_types')) return Array.from({ length: layers }, (_, layer) => indices?.includes(layer) ?? true);
  const types = fields.list('layer_types', 'texts', isText);
  const other = types.find((type) => type !== 'conv' && type !== 'full_attention');
  if (other !== undefined) throw fields.unsupported('layer_types', `Retort knows conv and full_attention, not ${other}.`);
  if (types.length !== layers) throw fields.wrong('layer_types', `expected ${layers} items, one for each layer`);
  return types.map((type) => type === 'full_attention');
}
