import type { LlamaConfig } from '../../nn/families/llama.ts';
import { readDecoder } from './decoder.ts';
import { Fields } from './fields.ts';
import type { JsonObject } from '../../files/json-object.ts';
import { INERT_FIELDS } from './inert.ts';
import { readRope } from './rope.ts';
import { fullAttention, mistralWindows, patternWindows, qwenWindows } from './windows.ts';

const SHARED = { hiddenSize: 4096, layers: 32, heads: 32, normEpsilon: 1e-6, tied: false, activation: 'silu' } as const;

/** What the classes of Transformers 5 assume where `config.json` is silent, and what they wire by themselves. */
const FAMILIES = {
  llama: { ...SHARED, vocabSize: 32000, intermediateSize: 11008, kvHeads: null, headDim: null, contextLength: 2048 },
  mistral: { ...SHARED, vocabSize: 32000, intermediateSize: 14336, kvHeads: 8, headDim: null, contextLength: 131072 },
  ministral: { ...SHARED, vocabSize: 32000, intermediateSize: 14336, kvHeads: 8, headDim: null, contextLength: 131072 },
  qwen2: { ...SHARED, vocabSize: 151936, intermediateSize: 22016, kvHeads: 32, headDim: null, contextLength: 32768 },
  qwen3: { ...SHARED, vocabSize: 151936, intermediateSize: 22016, kvHeads: 32, headDim: 128, contextLength: 32768 },
} as const;

type LlamaModelType = keyof typeof FAMILIES;

/** Reads a config of the llama family. Throws a `Problem` that names the field and its value. */
export function readLlamaConfig(where: string, modelType: LlamaModelType, raw: JsonObject): LlamaConfig {
  const fields = new Fields(where, raw);
  const decoder = readDecoder(fields, FAMILIES[modelType]);
  const attentionBias = (modelType === 'llama' || modelType === 'qwen3') && fields.flag('attention_bias', false);
  const config: LlamaConfig = {
    family: 'llama', modelType, ...decoder,
    qkvBias: modelType === 'qwen2' || attentionBias,
    outputBias: attentionBias,
    mlpBias: modelType === 'llama' && fields.flag('mlp_bias', false),
    qkNorm: modelType === 'qwen3',
    rope: readRope(fields, where, decoder),
    windows: readWindows(fields, modelType, decoder.layers),
  };
  fields.only('pretraining_tp', 1);
  fields.ignore(INERT_FIELDS);
  fields.refuseRest();
  return config;
}

function readWindows(fields: Fields, modelType: LlamaModelType, layers: number): (number | null)[] {
  switch (modelType) {
    case 'llama': return fullAttention(fields, layers);
    case 'mistral': return mistralWindows(fields, layers);
    case 'ministral': return patternWindows(fields, layers, { width: 4096, isFull: () => fields.isNull('sliding_window') });
    case 'qwen2':
    case 'qwen3': return qwenWindows(fields, layers);
  }
}
