import type { JsonObject } from '../../files/json-object.ts';
import type { GemmaConfig } from '../../nn/families/gemma.ts';
import { readDecoder } from './decoder.ts';
import { Fields } from './fields.ts';
import { INERT_FIELDS } from './inert.ts';
import { readRope, readRopeByKind } from './rope.ts';
import { patternWindows } from './windows.ts';

const SHARED = {
  hiddenSize: 2304, layers: 26, heads: 8, kvHeads: 4, headDim: 256, intermediateSize: 9216, normEpsilon: 1e-6, tied: true, activation: 'gelu_pytorch_tanh',
} as const;
const DEFAULTS = {
  gemma2: { ...SHARED, vocabSize: 256_000, contextLength: 8192 },
  gemma3_text: { ...SHARED, vocabSize: 262_208, contextLength: 131_072 },
} as const;

/** Reads a config of Gemma 2 or of Gemma 3's text model. Throws a `Problem` that names the field and its value. */
export function readGemmaConfig(where: string, modelType: keyof typeof DEFAULTS, raw: JsonObject): GemmaConfig {
  const fields = new Fields(where, raw);
  const isThird = modelType === 'gemma3_text';
  const decoder = readDecoder(fields, DEFAULTS[modelType], { activation: 'hidden_activation' });
  // Transformers saves the pattern with an underscore, beside the types of layers that it has led to.
  const every = isThird ? fields.count('sliding_window_pattern', fields.count('_sliding_window_pattern', 6)) : 2;
  const ropes = isThird
    ? readRopeByKind(fields, where, decoder, { full: 1e6, windowed: 1e4 })
    : { full: readRope(fields, where, decoder), windowed: null };
  const config: GemmaConfig = {
    family: 'gemma', modelType, ...decoder,
    rope: ropes.full,
    windowRope: ropes.windowed,
    windows: patternWindows(fields, decoder.layers, { width: 4096, isFull: (layer) => (layer + 1) % every === 0 }),
    qkNorm: isThird,
    attentionBias: fields.flag('attention_bias', false),
    queryScalar: fields.number('query_pre_attn_scalar', 256),
    // Gemma 3's class leaves scores as they are, whatever the field says: one that is set is refused below.
    attentionCap: isThird ? null : cap(fields, 'attn_logit_softcapping', 50),
    logitCap: cap(fields, 'final_logit_softcapping', isThird ? null : 30),
  };
  fields.only('use_bidirectional_attention', false);
  // Gemma 2's files still have it beside `hidden_activation`, which counts.
  fields.ignore(['hidden_act', ...INERT_FIELDS]);
  fields.refuseRest();
  return config;
}

/** Null says that there is none, where a missing field says what the class assumes. */
function cap(fields: Fields, name: string, fallback: number | null): number | null {
  if (fields.isNull(name)) return null;
  return fields.has(name) ? fields.number(name) : fallback;
}
