import type { Recipe } from '../contract/recipe.ts';
import { StoredWeights } from '../export/precision.ts';
import { buildDecoder, IN_MEMORY, listMatrices, listStored } from '../nn/build.ts';
import type { Decoder } from '../nn/decoder.ts';
import { EXACT } from '../nn/weights/exact.ts';
import { HALF } from '../nn/weights/half.ts';
import { INT8 } from '../nn/weights/int8.ts';
import type { WeightFormat } from '../nn/weights/weight-format.ts';
import { tensorOf, type Tensor } from '../runtime/tensor.ts';
import type { HostWeights, Weights } from '../runtime/weights.ts';
import type { Model } from '../model/load-model.ts';
import { wholeWeight } from '../model/whole-weight.ts';

type Precision = NonNullable<Recipe['teacher']>['precision'];

const FORMATS: Readonly<Record<Precision, WeightFormat>> = { fp32: EXACT, fp16: HALF, int8: INT8 };

/**
 * A teacher as its precision stores it. The output layer stays in float32 as well, because the loss multiplies by it
 * beside the student's.
 */
export function inPrecision({ folder: { config }, parameters }: Model, weights: HostWeights, precision: Precision): { decoder: Decoder; weights: Weights } {
  if (precision === 'fp32') return { decoder: buildDecoder(config), weights };
  const format = exactAtTheEnd(FORMATS[precision], buildDecoder(config).outputLayer.name);
  const decoder = buildDecoder(config, format);
  const shapes = new Map(parameters.map((parameter) => [parameter.name, parameter]));
  const stored = new StoredWeights(precision, (name) => wholeWeight(weights, shapes.get(name)!), listMatrices(config), decoder.tables);
  const kept = listStored(config, format).map(({ name, shape, dtype }): [string, Tensor] => [name, weights[name] ?? tensorOf(dtype, shape, stored.bytes(name))]);
  return { decoder, weights: Object.fromEntries(kept) };
}

/** A format in which one matrix stays as it is. */
function exactAtTheEnd({ multiply, lookUp }: WeightFormat, output: string): WeightFormat {
  return { lookUp, multiply: (x, matrix) => (matrix.name === output ? IN_MEMORY.multiply : multiply)(x, matrix) };
}
