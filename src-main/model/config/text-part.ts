import { isJsonObject, type JsonObject } from '../../files/json-object.ts';

/** Models that read pictures as well: the language model in each, by its `model_type`, and the class it has alone. */
const WRAPPERS: Readonly<Record<string, { usual: string; heads: Readonly<Record<string, string>> }>> = {
  mistral3: { usual: 'mistral', heads: { mistral: 'MistralForCausalLM', ministral3: 'Ministral3ForCausalLM' } },
  qwen3_5: { usual: 'qwen3_5_text', heads: { qwen3_5_text: 'Qwen3_5ForCausalLM' } },
  gemma3: { usual: 'gemma3_text', heads: { gemma3_text: 'Gemma3ForCausalLM' } },
};

/** What belongs to the text as much as to the whole; a text's own field counts before its wrapper's. */
const SHARED = ['dtype', 'torch_dtype', 'bos_token_id', 'eos_token_id', 'pad_token_id', 'transformers_version'];

/**
 * The `config.json` of a language model by itself, where `raw` wraps one: what Transformers would write of it alone.
 * Anything else is returned as it is.
 * @param hasOutput  whether an output layer is stored: the wrappers' classes tie it unless it is there
 */
export function textPart(raw: JsonObject, hasOutput: boolean): JsonObject {
  const wrapper = typeof raw['model_type'] === 'string' && Object.hasOwn(WRAPPERS, raw['model_type']) ? WRAPPERS[raw['model_type']] : undefined;
  if (!wrapper) return raw;
  const text = isJsonObject(raw['text_config']) ? raw['text_config'] : {};
  const type = typeof text['model_type'] === 'string' ? text['model_type'] : wrapper.usual;
  const head = Object.hasOwn(wrapper.heads, type) ? wrapper.heads[type] : undefined;
  return {
    ...Object.fromEntries(SHARED.filter((name) => raw[name] !== undefined).map((name) => [name, raw[name]])),
    ...text,
    model_type: type,
    // A type that is not known is refused by the reader, under its own name.
    ...(head !== undefined && { architectures: [head] }),
    tie_word_embeddings: !hasOutput,
  };
}
