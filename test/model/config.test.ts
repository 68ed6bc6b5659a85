import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src-main/files/json-object.ts';
import { readConfig } from '../../src-main/model/config/read-config.ts';
import type { RopeScaling } from '../../src-main/nn/rope-config.ts';

interface Entry { raw: JsonObject; understood: JsonObject & { rope?: JsonObject } }

const entries = JSON.parse(readFileSync(join(import.meta.dirname, '../fixtures/model-configs/configs.json'), 'utf8')) as Record<string, Entry>;
const rawOf = (name: string): JsonObject => entries[name]!.raw;

/** Our names of the rope fields that Transformers spells with underscores. */
const ROPE_FIELDS = {
  factor: 'factor', lowFreqFactor: 'low_freq_factor', highFreqFactor: 'high_freq_factor', originalContext: 'original_max_position_embeddings',
  betaFast: 'beta_fast', mscale: 'mscale', mscaleAllDim: 'mscale_all_dim', truncate: 'truncate', shortFactor: 'short_factor', longFactor: 'long_factor',
} as const;

function understoodRope({ rope_theta: theta, rope_type: type, ...rest }: JsonObject): object {
  const scaling = Object.entries(ROPE_FIELDS).filter(([, theirs]) => theirs in rest).map(([ours, theirs]) => [ours, rest[theirs]]);
  return { theta, scaling: type === 'default' ? null : expect.objectContaining({ type, ...Object.fromEntries(scaling) as Partial<RopeScaling> }) as unknown };
}

describe('configs as Transformers understands them', () => {
  it.each(Object.keys(entries))('%s', (name) => {
    const { raw, understood: { rope, ...rest } } = entries[name]!;
    expect(readConfig('config.json', raw)).toMatchObject({ ...rest, ...(rope && { rope: understoodRope(rope) }) });
  });

  it('knows where each family has biases and norms', () => {
    const wired = (name: string): unknown => {
      const config = readConfig('config.json', rawOf(name));
      return config.family === 'llama' && [config.qkvBias, config.outputBias, config.mlpBias, config.qkNorm];
    };
    expect(wired('llama saved')).toEqual([false, false, false, false]);
    expect(wired('llama tied with biases')).toEqual([true, true, true, false]);
    expect(wired('qwen2 saved')).toEqual([true, false, false, false]);
    expect(wired('qwen3 saved')).toEqual([false, false, false, true]);
  });

  it('fills in what YaRN leaves out', () => {
    const config = readConfig('config.json', rawOf('qwen2 4 yarn'));
    expect(config.family === 'llama' && config.rope.scaling).toEqual({
      type: 'yarn', factor: 4, originalContext: 32, betaFast: 32, betaSlow: 1, attentionFactor: null, mscale: null, mscaleAllDim: null, truncate: true,
    });
  });
});

describe('refused by name', () => {
  const cases: [name: string, change: JsonObject, message: string][] = [
    ['llama saved', { model_type: 'mixtral' }, 'model_type "mixtral" is not supported'],
    ['llama saved', { model_type: null }, 'm/config.json lacks model_type'],
    ['llama saved', { architectures: ['LlamaForSequenceClassification'] }, 'architectures "LlamaForSequenceClassification" is not supported'],
    ['llama saved', { hidden_act: 'relu6' }, 'hidden_act is "relu6", which Retort does not support'],
    ['llama saved', { pretraining_tp: 2 }, 'pretraining_tp is 2'],
    ['llama saved', { quantization_config: { quant_method: 'awq' } }, 'quantization_config is {"quant_method":"awq"}'],
    ['llama saved', { num_local_experts: 8 }, 'num_local_experts is 8'],
    ['llama saved', { is_encoder_decoder: true }, 'is_encoder_decoder is true'],
    ['llama saved', { attn_logit_softcapping: 50 }, 'attn_logit_softcapping is 50'],
    ['llama saved', { sliding_window: 128 }, 'sliding_window is 128'],
    ['llama saved', { head_dim: 5 }, 'head_dim is 5, expected an even number'],
    ['llama saved', { hidden_size: '16' }, 'hidden_size is "16", expected a whole number from 1'],
    ['llama saved', { num_key_value_heads: 3 }, 'num_key_value_heads is 3, which does not divide the 4 attention heads'],
    ['llama saved', { rope_parameters: { rope_type: 'proportional', rope_theta: 1e4 } }, 'rope_parameters: rope_type is "proportional"'],
    ['llama saved', { rope_parameters: { rope_type: 'default', partial_rotary_factor: 0.5 } }, 'rope_parameters: partial_rotary_factor is 0.5'],
    ['llama saved', { rope_parameters: { rope_type: 'default', mrope_section: [1, 1] } }, 'rope_parameters: mrope_section is [1,1]'],
    ['llama 4', { rope_scaling: { type: 'su' } }, 'rope_scaling: type is "su"'],
    ['llama 4', { rope_scaling: { type: 'linear' } }, 'm/config.json, rope_scaling lacks factor'],
    ['llama longrope', { rope_scaling: { type: 'longrope', short_factor: [1], long_factor: [1, 2] } }, 'short_factor is [1], expected 2 numbers'],
    ['qwen2 saved', { layer_types: ['full_attention', 'linear_attention', 'full_attention'] }, 'layer_types is'],
    ['qwen2 saved', { layer_types: ['full_attention'] }, 'expected 3 items, one for each layer'],
    ['qwen2 without window', { layer_types: ['sliding_attention', 'full_attention', 'full_attention'] }, 'give those layers no window'],
    ['mistral saved', { layer_types: ['full_attention', 'sliding_attention', 'full_attention'] }, 'layer_types is'],
    ['mistral saved', { attention_bias: true }, 'attention_bias is true'],
    ['gpt2 saved', { activation_function: 'mish' }, 'activation_function is "mish"'],
    ['gpt2 saved', { add_cross_attention: true }, 'add_cross_attention is true'],
    ['gpt2 saved', { n_head: 3 }, 'n_head is 3, which does not divide n_embd (16)'],
  ];

  it.each(cases)('%s with %j', (name, change, message) => {
    expect(() => readConfig('m/config.json', { ...rawOf(name), ...change })).toThrow(message);
  });

  it('passes over fields that are not in use', () => {
    const raw = { ...rawOf('llama saved'), quantization_config: null, add_cross_attention: false, pruned_heads: {} };
    expect(readConfig('config.json', raw)).toEqual(readConfig('config.json', rawOf('llama saved')));
  });
});
