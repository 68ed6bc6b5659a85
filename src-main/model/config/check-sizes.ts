import { Problem } from '../../contract/problem.ts';
import type { JsonObject } from '../../files/json-object.ts';
import type { WeightSpec } from '../model-files.ts';

/** Sides of weights, by the names of all families. */
const SIDES = [
  'vocab_size', 'hidden_size', 'intermediate_size', 'head_dim', 'num_attention_heads', 'num_key_value_heads',
  'moe_intermediate_size', 'num_experts', 'num_local_experts',
  'n_embd', 'n_head', 'n_inner', 'n_positions', 'd_model', 'd_ff', 'd_kv', 'num_heads', 'relative_attention_num_buckets',
] as const;
/** Numbers of layers: each has weights of its own. */
const LAYERS = ['num_hidden_layers', 'n_layer', 'num_layers', 'num_decoder_layers'] as const;

/** For a model that has no weights yet. */
const LONGEST_SIDE = 1 << 22;
const MOST_LAYERS = 1000;
/** Positions are only counted, but in memory as wide as they are many. */
const MOST_POSITIONS = 1 << 28;

/**
 * Compares the sizes in a config with what the weight files hold, before anything is made as large as it says. Whether
 * each weight has its shape is for later. @param weights  null where there are none yet
 * @throws Problem that names the field
 */
export function checkSizes(where: string, raw: JsonObject, weights: readonly Pick<WeightSpec, 'shape'>[] | null): void {
  const side = weights === null ? LONGEST_SIDE : weights.reduce((most, { shape }) => shape.reduce((a, b) => Math.max(a, b), most), 0);
  const layers = weights === null ? MOST_LAYERS : weights.length;
  const refuse = (field: string, limit: string): void => {
    throw new Problem(`${where}: ${field} is ${JSON.stringify(raw[field])}, but ${limit}.`, {
      hint: weights === null ? 'Give a smaller one.' : 'Check that config.json and the weights belong to the same model.',
    });
  };
  for (const field of SIDES) {
    if (isAbove(raw[field], side)) refuse(field, weights === null ? `Retort makes nothing wider than ${side}` : `no weight in the files is wider than ${side}`);
  }
  for (const field of LAYERS) {
    if (isAbove(raw[field], layers)) refuse(field, weights === null ? `Retort makes no more than ${layers} layers` : `the files hold no more than ${layers} weights`);
  }
  if (isAbove(raw['max_position_embeddings'], MOST_POSITIONS)) refuse('max_position_embeddings', `Retort counts no more than ${MOST_POSITIONS} positions`);
}

const isAbove = (value: unknown, limit: number): boolean => typeof value === 'number' && value > limit;
