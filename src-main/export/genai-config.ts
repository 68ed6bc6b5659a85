import type { ModelConfig } from '../nn/config.ts';
import type { Lfm2Config } from '../nn/families/lfm2.ts';

export interface GenaiFacts {
  config: ModelConfig;
  /** The ONNX file that is run, as seen from the folder. */
  file: string;
  bosId: number | null;
  eosIds: readonly number[];
  padId: number | null;
}

/** What GenAI calls a family that it knows by name; its general decoder runs the others. */
const TYPES: Readonly<Record<string, string>> = {
  llama: 'llama', mistral: 'mistral', qwen2: 'qwen2', qwen3: 'qwen3', gemma2: 'gemma2', gemma3_text: 'gemma3_text', granite: 'granite', phi3: 'phi3', smollm3: 'smollm3', lfm2: 'lfm2',
};

/** ONNX Runtime GenAI's description of a decoder, its `genai_config.json`; null for families that it cannot run in this layout. */
export function genaiConfig({ config, file, bosId, eosIds, padId }: GenaiFacts): object | null {
  const eos = eosIds[0];
  if (config.family === 't5' || config.family === 'qwen3_5' || eos === undefined) return null;
  const { layers, heads, hiddenSize, vocabSize, contextLength } = config;
  const [kvHeads, headDim] = config.family === 'gpt2' ? [heads, hiddenSize / heads] : [config.kvHeads, config.headDim];
  const convolutions = config.family === 'lfm2' ? convolutionsOf(config) : null;
  return {
    model: {
      // Its own "gpt2" wants keys and values in one tensor.
      type: TYPES[config.modelType] ?? 'decoder',
      bos_token_id: bosId ?? eos,
      eos_token_id: eosIds.length > 1 ? eosIds : eos,
      pad_token_id: padId ?? eos,
      vocab_size: vocabSize,
      context_length: contextLength,
      decoder: {
        filename: file,
        session_options: { log_id: 'onnxruntime-genai', provider_options: [] },
        head_size: headDim, hidden_size: hiddenSize, num_attention_heads: heads, num_hidden_layers: layers, num_key_value_heads: kvHeads,
        inputs: {
          input_ids: 'input_ids', attention_mask: 'attention_mask', position_ids: 'position_ids',
          past_key_names: 'past_key_values.%d.key', past_value_names: 'past_key_values.%d.value', ...convolutions?.inputs,
        },
        outputs: { logits: 'logits', present_key_names: 'present.%d.key', present_value_names: 'present.%d.value', ...convolutions?.outputs },
        ...convolutions?.decoder,
      },
    },
    search: { do_sample: false, num_beams: 1, num_return_sequences: 1, max_length: contextLength, min_length: 0, past_present_share_buffer: false },
  };
}

/** What it is told of layers that look back over a few positions instead of attending. */
function convolutionsOf({ attends, kernel }: Lfm2Config): { decoder: object; inputs: object; outputs: object } {
  return {
    decoder: { layer_types: attends.map((does) => (does ? 'full_attention' : 'conv')), conv_cache_size: kernel },
    inputs: { past_conv_names: 'past_conv.%d' }, outputs: { present_conv_names: 'present_conv.%d' },
  };
}
