import { expect, it } from 'vitest';
import { layOut } from '../../src-main/distill/batch.ts';
import { FrozenModel } from '../../src-main/distill/frozen-model.ts';
import { executorFor, openWeights, openWholeModel } from '../../src-main/model/load-model.ts';
import { resource } from '../../src-main/service/resources.ts';

// The sample's student serves as the teacher here: it is stored in single precision.
it.each([
  ['fp16', undefined, 2e-3], ['int8', 'exact', 0.1], ['int8', 'fast', 0.1], ['int4', 'exact', 0.5], ['int4', 'fast', 0.5],
] as const)('a teacher in %s (%s) stays near its exact self', async (precision, products, tolerance) => {
  const model = await openWholeModel(resource('sample', 'student'));
  const executor = executorFor('cpu');
  const text = model.tokenizer.encode('27+8-5+9-7+4=27+8=35;35-5=30;', { special: true });
  const [batch] = layOut([{ index: 0, prompt: Int32Array.from(text.slice(0, 1)), completion: Int32Array.from(text.slice(1)), isOnPolicy: false }], 1, 'token', null);
  const hidden = async (kind: 'fp32' | typeof precision): Promise<Float32Array> => {
    const { decoder, weights } = await openWeights(model, executor, { precision: kind, ...(kind === precision && { products }) });
    const frozen = new FrozenModel(executor, decoder, weights);
    const { data } = await frozen.hidden(batch!);
    await frozen.release();
    return data as Float32Array;
  };
  const [exact, near] = [await hidden('fp32'), await hidden(precision)];
  const size = Math.hypot(...exact);
  expect(Math.hypot(...exact.map((value, at) => value - near[at]!)) / size).toBeLessThan(tolerance);
  expect(near).not.toEqual(exact);
});
