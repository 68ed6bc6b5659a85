import { Problem } from '../../contract/problem.ts';
import type { ModelConfig } from '../../nn/config.ts';
import { isJsonObject, type JsonObject } from '../../files/json-object.ts';
import { readGemmaConfig } from './gemma.ts';
import { readGlmConfig } from './glm.ts';
import { readGptNeoXConfig } from './gpt-neox.ts';
import { readGpt2Config } from './gpt2.ts';
import { readGptOssConfig } from './gpt-oss.ts';
import { readGraniteConfig } from './granite.ts';
import { readLfm2Config } from './lfm2.ts';
import { readLlamaConfig } from './llama.ts';
import { readMinistralConfig } from './ministral.ts';
import { readOlmoConfig } from './olmo.ts';
import { readPhi3Config } from './phi3.ts';
import { readQwen35Config } from './qwen3-5.ts';
import { readQwen3MoeConfig } from './qwen3-moe.ts';
import { readSmolLm3Config } from './smollm3.ts';
import { readStableLmConfig } from './stablelm.ts';
import { readT5Config } from './t5.ts';

/** The reader of each `model_type`. */
const READERS: Readonly<Record<string, (where: string, raw: JsonObject) => ModelConfig>> = {
  llama: (where, raw) => readLlamaConfig(where, 'llama', raw),
  mistral: (where, raw) => readLlamaConfig(where, 'mistral', raw),
  qwen2: (where, raw) => readLlamaConfig(where, 'qwen2', raw),
  qwen3: (where, raw) => readLlamaConfig(where, 'qwen3', raw),
  qwen3_moe: readQwen3MoeConfig,
  qwen3_5_text: readQwen35Config,
  gpt_oss: readGptOssConfig,
  ministral: (where, raw) => readLlamaConfig(where, 'ministral', raw),
  ministral3: readMinistralConfig,
  smollm3: readSmolLm3Config,
  gemma2: (where, raw) => readGemmaConfig(where, 'gemma2', raw),
  gemma3_text: (where, raw) => readGemmaConfig(where, 'gemma3_text', raw),
  granite: (where, raw) => readGraniteConfig(where, 'granite', raw),
  granitemoehybrid: (where, raw) => readGraniteConfig(where, 'granitemoehybrid', raw),
  phi3: readPhi3Config,
  olmo2: (where, raw) => readOlmoConfig(where, 'olmo2', raw),
  olmo3: (where, raw) => readOlmoConfig(where, 'olmo3', raw),
  glm: (where, raw) => readGlmConfig(where, 'glm', raw),
  glm4: (where, raw) => readGlmConfig(where, 'glm4', raw),
  lfm2: readLfm2Config,
  stablelm: readStableLmConfig,
  gpt_neox: readGptNeoXConfig,
  gpt2: readGpt2Config,
  t5: (where, raw) => readT5Config(where, 't5', raw),
  mt5: (where, raw) => readT5Config(where, 'mt5', raw),
  umt5: (where, raw) => readT5Config(where, 'umt5', raw),
};

/** Heads that Retort reads: a language model's, or none (then it must be tied). */
const ARCHITECTURE = /^(\w+ForCausalLM|GPT2LMHeadModel|T5WithLMHeadModel|(U?M)?T5(ForConditionalGeneration|Model)|(Llama|Mistral|Qwen2|Qwen3|Qwen3Moe|GptOss|GPT2|Gemma2|Gemma3Text|SmolLM3|Granite|GraniteMoeHybrid|Phi3|Olmo2|Olmo3|Ministral|Ministral3|Glm|Glm4|StableLm|GPTNeoX)Model)$/;

/**
 * Reads the contents of a `config.json`. Whatever Retort does not support is refused with a `Problem` that names the
 * field and its value.
 * @param where the file, for messages.
 */
export function readConfig(where: string, raw: JsonObject): ModelConfig {
  const modelType = raw['model_type'];
  if (typeof modelType !== 'string') throw new Problem(`${where} lacks model_type`, { hint: 'Expected the config.json of a Hugging Face model.' });
  const strange = [raw['architectures'] ?? []].flat().find((name) => typeof name !== 'string' || !ARCHITECTURE.test(name));
  if (strange !== undefined) throw unsupported(where, 'architectures', strange);
  const read = Object.hasOwn(READERS, modelType) ? READERS[modelType] : undefined;
  if (!read) throw unsupported(where, 'model_type', modelType);
  refuseQuantized(where, raw);
  return read(where, raw);
}

/** As they are named by Transformers, before it, and by mlx-lm. */
const QUANTIZED = ['quantization_config', 'compression_config', 'quantization'];

/** Refuses weights that were quantized, for which the general advice on fields would be wrong. */
function refuseQuantized(where: string, raw: JsonObject): void {
  const field = QUANTIZED.find((name) => isJsonObject(raw[name]) && Object.keys(raw[name]).length > 0);
  if (field === undefined) return;
  throw new Problem(`${where}: ${field} is ${JSON.stringify(raw[field])}, which Retort does not support`, {
    hint: 'Its weights are quantized. Take the model from which they were made, or its GGUF file, which Retort reads as it lies.',
  });
}

function unsupported(where: string, field: string, value: unknown): Problem {
  return new Problem(`${where}: ${field} ${JSON.stringify(value)} is not supported`, {
    hint: `Retort supports language models of the types ${Object.keys(READERS).join(', ')}.`,
  });
}
