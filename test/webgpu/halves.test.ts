import { it } from 'vitest';
import { DIVERGENCES } from '../../src-main/contract/divergence.ts';
import { hiddenGraph } from '../../src-main/distill/hidden-graph.ts';
import { trainGraph } from '../../src-main/distill/train-graph.ts';
import { buildDecoder, listParameters } from '../../src-main/nn/build.ts';
import type { ModelConfig } from '../../src-main/nn/config.ts';
import { requires } from '../support/requires.ts';
import { strictWebgpu } from '../support/strict-webgpu.ts';
import { tinyGpt2, tinyLlama, tinyT5 } from '../support/tiny-models.ts';

const MODELS: [string, ModelConfig][] = [['llama', tinyLlama({ qkNorm: true, windows: [null, 3] })], ['gpt2', tinyGpt2()], ['gpt2 with erf', tinyGpt2({ activation: 'gelu' })], ['t5', tinyT5()], ['t5 with a relu', tinyT5({ activation: 'relu', isGated: false })]];
const PRODUCTS = { half: 'float16', isEmulated: false } as const;

// Whether a card has such numbers is asked when a program runs; which operators there are, when it is made.
requires('vulkan')('on WebGPU alone, with no operator left to the CPU,', () => {
  it.each(MODELS)('every training graph is ready with products in float16: %s', async (_, config) => {
    const device = strictWebgpu();
    const decoder = buildDecoder(config);
    const bucket = { batch: 2, length: 8, positions: 8, source: decoder.encoder ? 6 : null };
    for (const divergence of DIVERGENCES) {
      for (const gradients of ['alone', 'whole'] as const) {
        const { onnx } = trainGraph(decoder, listParameters(config), bucket, {
          divergence, beta: 0.5, normalizeBeta: false, lossTemperature: 1, sharedVocabulary: config.vocabSize, chunk: 4, recompute: false,
          teacher: divergence === 'cross_entropy' ? null : decoder, isPolicyGradient: gradients === 'whole', gradients, products: PRODUCTS, dialect: device.dialect,
        });
        await (await device.compile(onnx)).release();
      }
    }
    await (await device.compile(hiddenGraph(decoder, bucket, { weights: 'inputs', dialect: device.dialect }, PRODUCTS))).release();
  });
});
