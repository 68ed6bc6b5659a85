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

it('refuses a file whose output layer is on a grid that is not trained through', async () => {
  const wide = tinyLlama({ hiddenSize: 256 });
  await expect(shippingPlan(wide, 'q4_0')).rejects.toThrow(/keeps token_embd.weight of a model of this width \(256\) in Q6_K/);
  expect((await shippingPlan(wide, 'q8_0')).matrices.get('model.embed_tokens.weight')).toBe('Q8_0');
});
