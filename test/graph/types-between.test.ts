import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { traceTraining, type TrainGraphSpec } from '../../src-main/distill/train-graph.ts';
import { planRun, type RunNode } from '../../src-main/graph/onnx/write.ts';
import { buildDecoder, listParameters } from '../../src-main/nn/build.ts';
import type { ModelConfig } from '../../src-main/nn/config.ts';
import { loadFixture } from '../support/model-fixture.ts';
import { tinyGpt2, tinyLlama, tinyT5 } from '../support/tiny-models.ts';

const FAMILIES = 'test/fixtures/engine/families';
const OWN: readonly (readonly [string, ModelConfig])[] = [['llama', tinyLlama()], ['gpt2', tinyGpt2()], ['t5', tinyT5()]];
const others = readdirSync(FAMILIES).filter((name) => existsSync(join(FAMILIES, name, 'training.json')));

/** What nodes make whose size nobody knows. */
function unknownOf(config: ModelConfig, dialect: TrainGraphSpec['dialect'], changes: Partial<TrainGraphSpec> = {}): string[] {
  const decoder = buildDecoder(config);
  const bucket = { batch: 2, length: 16, source: decoder.encoder ? 16 : null, positions: 16 };
  const { outputs } = traceTraining(decoder, listParameters(config), bucket, {
    divergence: 'jsd', beta: 0.5, normalizeBeta: false, lossTemperature: 1, sharedVocabulary: config.vocabSize, chunk: 4, recompute: false, teacher: decoder, isPolicyGradient: true, gradients: 'whole', dialect, ...changes,
  });
  const { nodes, bytes } = planRun(outputs, { weights: 'inputs', dialect });
  const all = (of: readonly RunNode[]): RunNode[] => of.flatMap((node) => [node, ...all(node.within ?? [])]);
  return [...new Set(all(nodes).flatMap(({ opType, output }) => (output.some((name) => name !== '' && !bytes.has(name)) ? [opType] : [])))];
}

it.each(['webgpu', 'onnxruntime'] as const)('every tensor of a step of training has a size that is known: %s', (dialect) => {
  for (const [name, config] of OWN) {
    expect(unknownOf(config, dialect), name).toEqual([]);
    expect(unknownOf(config, dialect, { products: { half: 'float16', isEmulated: false } }), name).toEqual([]);
  }
});

it.each(others)('in every family as well: %s', async (name) => {
  const { config } = await loadFixture(join(FAMILIES, name));
  // A loop's condition, a byte in each round.
  for (const dialect of ['webgpu', 'onnxruntime'] as const) expect(unknownOf(config, dialect).filter((type) => type !== 'Identity'), dialect).toEqual([]);
});
