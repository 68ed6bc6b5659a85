import type { JsonObject } from '../../files/json-object.ts';
import type { GptNeoXConfig } from '../../nn/families/gpt-neox.ts';
import { readDecoder } from './decoder.ts';
import { Fields } from './fields.ts';
import { INERT_FIELDS } from './inert.ts';
import { readRope } from './rope.ts';
import { fullAttention } from './windows.ts';

const DEFAULTS = {
  vocabSize: 50_432, hiddenSize: 6144, layers: 44, heads: 64, kvHeads: null, headDim: null, intermediateSize: 24_576, normEpsilon: 1e-5,
  contextLength: 2048, tied: false, activation: 'gelu',
} as const;

/** Reads a config of GPT-NeoX. Throws a `Problem` that names the field and its value. */
export function readGptNeoXConfig(where: string, raw: JsonObject): GptNeoXConfig {
  const fields = new Fields(where, raw);
  const decoder = readDecoder(fields, DEFAULTS, { epsilon: 'layer_norm_eps' });
  if (decoder.kvHeads !== decoder.heads) throw fields.unsupported('num_key_value_heads', 'Heads of this family do not share keys.');
  fields.only('head_dim', decoder.hiddenSize / decoder.heads);
  const config: GptNeoXConfig = {
    family: 'gpt_neox', modelType: 'gpt_neox', ...decoder,
    rope: readRope(fields, where, decoder, { theta: fields.number('rotary_emb_base', 10_000), share: fields.number('rotary_pct', 0.25) }),
    windows: fullAttention(fields, decoder.layers),
    attentionBias: fields.flag('attention_bias', true),
    isParallel: fields.flag('use_parallel_residual', true),
  };
  fields.ignore(INERT_FIELDS);
  fields.refuseRest();
  return config;
}
