import { Problem } from '../../contract/problem.ts';
import type { ModelConfig } from '../../nn/config.ts';
import type { JsonObject } from './fields.ts';
import { readGpt2Config } from './gpt2.ts';
import { isLlamaModelType, readLlamaConfig } from './llama.ts';

/** Heads that Retort reads: a language model's, or none (then it must be tied). */
const ARCHITECTURE = /^(\w+ForCausalLM|GPT2LMHeadModel|(Llama|Mistral|Qwen2|Qwen3|GPT2)Model)$/;

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
  if (isLlamaModelType(modelType)) return readLlamaConfig(where, modelType, raw);
  if (modelType === 'gpt2') return readGpt2Config(where, raw);
  throw unsupported(where, 'model_type', modelType);
}

function unsupported(where: string, field: string, value: unknown): Problem {
  return new Problem(`${where}: ${field} ${JSON.stringify(value)} is not supported`, {
    hint: 'Retort supports language models of the types llama, mistral, qwen2, qwen3 and gpt2.',
  });
}
