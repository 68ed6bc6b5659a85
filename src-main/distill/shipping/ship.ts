import { buildDecoder, type ParameterSpec } from '../../nn/build.ts';
import type { ModelConfig } from '../../nn/config.ts';
import type { Decoder } from '../../nn/decoder.ts';
import { inRows } from '../../nn/weights/in-rows.ts';
import { shipped, type ShippingPlan } from '../../nn/weights/shipped.ts';
import type { ShippedPart } from '../student.ts';
import { gridsOfWeight, ShippedWeights, type ShippingMemory } from './shipped-weights.ts';

/** A student that is trained as its file will have it. */
export interface Shipping {
  /** Regions that the optimizer keeps beside a weight, and so what it takes more of memory. */
  beside(parameter: ParameterSpec): readonly string[];
  /** As the train graph computes the model. */
  readonly training: Decoder;
  /** As it writes and is judged, and what it reads. @param exact  with those regions */
  part(exact: ShippingMemory): { decoder: Decoder; shipped: ShippedPart };
}

export function shippingOf(config: ModelConfig, plan: ShippingPlan): Shipping {
  const training = buildDecoder(config, inRows(shipped(plan, true)));
  return {
    training,
    beside: (parameter) => gridsOfWeight(plan, parameter),
    part: (exact) => ({ decoder: buildDecoder(config, inRows(shipped(plan, false))), shipped: { training, weights: new ShippedWeights(exact, config, plan) } }),
  };
}
