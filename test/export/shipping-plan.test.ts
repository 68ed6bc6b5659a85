import { expect, it } from 'vitest';
import { shippingPlan } from '../../src-main/export/shipping-plan.ts';
import { tinyLlama } from '../support/tiny-models.ts';

it('has each tensor on the grid of its file', async () => {
  const config = tinyLlama({ hiddenSize: 64, intermediateSize: 80, tiedEmbeddings: true });
  const { matrices, tables } = await shippingPlan(config, 'q4_0');
  expect([matrices.get('model.layers.0.mlp.up_proj.weight'), matrices.get('model.layers.0.mlp.down_proj.weight')]).toEqual(['Q4_0', 'half']);
  expect([matrices.get('model.embed_tokens.weight'), tables.get('model.embed_tokens.weight')]).toEqual(['Q8_0', 'Q8_0']);
  const onnx = await shippingPlan(config, 'int8');
  expect([onnx.matrices.get('model.embed_tokens.weight'), onnx.tables.get('model.embed_tokens.weight')]).toEqual(['int8', 'half']);
});

it('has each tensor of a mixture on a grid of its own', async () => {
  const wide = tinyLlama({ hiddenSize: 256, intermediateSize: 512, layers: 2, tiedEmbeddings: true });
  const { matrices, tables } = await shippingPlan(wide, 'q4_k_m');
  const of = (name: string): (string | undefined)[] => [0, 1].map((layer) => matrices.get(`model.layers.${layer}.${name}.weight`));
  expect([of('self_attn.q_proj'), of('self_attn.v_proj'), of('mlp.up_proj'), of('mlp.down_proj')]).toEqual([['Q4_K', 'Q4_K'], ['Q4_K', 'Q6_K'], ['Q4_K', 'Q4_K'], ['Q4_K', 'Q6_K']]);
  expect([matrices.get('model.embed_tokens.weight'), tables.get('model.embed_tokens.weight')]).toEqual(['Q6_K', 'Q6_K']);
  expect((await shippingPlan(wide, 'q8_0')).matrices.get('model.embed_tokens.weight')).toBe('Q8_0');
  expect((await shippingPlan(tinyLlama({ hiddenSize: 64, intermediateSize: 80 }), 'q4_k_m')).matrices.get('model.layers.0.mlp.up_proj.weight')).toBe('Q5_0');
});
