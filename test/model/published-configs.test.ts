import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src-main/files/json-object.ts';
import { readConfig } from '../../src-main/model/config/read-config.ts';
import { textPart } from '../../src-main/model/config/text-part.ts';

interface Entry { raw: JsonObject; understood: JsonObject }
const entries = JSON.parse(readFileSync(join(import.meta.dirname, '../fixtures/model-configs/published.json'), 'utf8')) as Record<string, Entry>;

describe('configs as they were published', () => {
  it.each(Object.keys(entries))('%s', (name) => {
    const { raw, understood } = entries[name]!;
    expect(readConfig('config.json', textPart(raw, false))).toMatchObject(understood);
  });

  it('reads the scale before the output layer of T5 and umT5 where Transformers 5 has written it apart', () => {
    const umt5 = entries['umt5-small']!.raw;
    for (const scaled of [true, false]) expect(readConfig('config.json', { ...umt5, tie_word_embeddings: true, scale_decoder_outputs: scaled })).toMatchObject({ scalesOutput: scaled });
    expect([true, false].map((tied) => readConfig('config.json', { ...umt5, tie_word_embeddings: tied }))).toMatchObject([{ scalesOutput: true }, { scalesOutput: false }]);
  });

  it('says of quantized weights which ones to take instead', () => {
    for (const [name, change] of [['SmolLM3-3B', { quantization_config: { quant_method: 'bitsandbytes', load_in_4bit: true } }], ['gemma-3-1b-it', { quantization: { bits: 4, group_size: 64 } }], ['granite-4.0-1b', { compression_config: { quant_method: 'compressed-tensors' } }]] as const) {
      expect(() => readConfig('m/config.json', { ...entries[name]!.raw, ...change })).toThrow(expect.objectContaining({ message: expect.stringContaining(`${Object.keys(change)[0]!} is {`) as string, hint: expect.stringContaining('or its GGUF file') as string }));
    }
  });

  it('refuses by name what changes the result', () => {
    const cases: [name: string, change: JsonObject, message: string][] = [
      ['gemma-2-2b-it', { use_bidirectional_attention: true }, 'use_bidirectional_attention is true'],
      ['gemma-3-1b-it', { attn_logit_softcapping: 50 }, 'attn_logit_softcapping is 50'],
      ['gemma-3-1b-it', { hidden_activation: 'relu6' }, 'hidden_activation is "relu6"'],
      ['gemma-3-1b-it', { rope_scaling: { rope_type: 'yarn', factor: 2, truncate: false } }, 'full_attention: truncate is false'],
      ['SmolLM3-3B', { no_rope_layers: [1, 1] }, 'no_rope_layers is [1,1], expected 36 items'],
      ['SmolLM3-3B', { use_sliding_window: false, sliding_window: 8, layer_types: Array.from({ length: 36 }, () => 'sliding_attention') }, 'but layer_types names layers with a window'],
      ['granite-4.0-1b', { num_local_experts: 62 }, 'num_local_experts is 62'],
      ['granite-4.0-1b', { layer_types: ['mamba', ...Array.from({ length: 39 }, () => 'attention')] }, 'layer_types is ["mamba"'],
      ['Phi-4-mini-instruct', { full_attn_mod: 2 }, 'full_attn_mod is 2'],
      ['Phi-4-mini-instruct', { rope_scaling: { type: 'longrope', long_factor: [1], short_factor: [1] } }, 'short_factor is [1], expected 48 numbers'],
      ['OLMo-2-0425-1B', { clip_qkv: 8 }, 'clip_qkv is 8'],
      ['LFM2-350M', { layer_types: Array.from({ length: 16 }, () => 'linear_attention') }, 'layer_types is ["linear_attention"'],
      ['GLM-4-9B-0414', { partial_rotary_factor: 0.26 }, 'which rotates an odd number (33)'],
      ['pythia-160m', { num_key_value_heads: 4 }, 'num_key_value_heads is 4'],
      ['gpt-oss-20b-BF16', { quantization_config: { quant_method: 'mxfp4' } }, 'quantization_config is {"quant_method":"mxfp4"}'],
      ['Qwen3-30B-A3B', { num_experts_per_tok: 129 }, 'num_experts_per_tok is 129, but there are 128 experts'],
      ['Qwen3.5-0.8B', { text_config: { attn_output_gate: false } }, 'attn_output_gate is false'],
      ['Qwen3.5-0.8B', { text_config: { linear_num_key_heads: 5 } }, 'linear_num_key_heads is 5, which does not divide the 32 value heads'],
      ['Qwen3.5-0.8B', { text_config: { num_hidden_layers: 1, layer_types: ['mamba'] } }, 'layer_types is ["mamba"]'],
      ['umt5-small', { feed_forward_proj: 'gated-mish' }, 'feed_forward_proj is "gated-mish"'],
    ];
    for (const [name, change, message] of cases) expect(() => readConfig('m/config.json', textPart({ ...entries[name]!.raw, ...change }, false)), message).toThrow(message);
  });
});
