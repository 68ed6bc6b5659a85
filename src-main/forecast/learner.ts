import type { Recipe } from '../contract/recipe.ts';
import { isWorthKeeping } from '../decode/worth-keeping.ts';
import type { Shipping } from '../distill/shipping/ship.ts';
import { sizeOf } from '../graph/shape.ts';
import { bytesKept, keptWeights } from '../model/frozen/kept.ts';
import { formatOf } from '../model/frozen/open-frozen.ts';
import type { TrainedAdapter } from '../model/adapter/trained-adapter.ts';
import type { Model } from '../model/load-model.ts';
import { buildDecoder, countParameters, type ParameterSpec } from '../nn/build.ts';
import type { Decoder } from '../nn/decoder.ts';
import { adapted, adapterParameters } from '../nn/weights/adapted.ts';
import { dropoutOf } from '../nn/weights/dropout.ts';
import { packedBytes } from './packed-bytes.ts';

const FLOAT = 4;

/** What learns in a run, as its memory sees it. */
export interface Learner {
  trained: readonly ParameterSpec[];
  /** As a step computes it. */
  decoder: Decoder;
  /** Bytes of what stays as it is beside an adapter. */
  beside: number;
  /** Bytes of what is packed of the weights for writing. */
  packed: number;
  /** Whether that stays while the student learns. */
  writesOn: boolean;
}

export interface LearnerInputs { recipe: Pick<Recipe, 'student'>; student: Model; adapter: TrainedAdapter | null; shipping: Shipping | null }

export function learnerOf({ recipe: { student: { precision = 'fp32', products, device } }, student: { folder, decoder, parameters }, adapter, shipping }: LearnerInputs): Learner {
  if (shipping) return shippedLearner(parameters, shipping);
  if (!adapter) return { trained: parameters, decoder, beside: 0, packed: FLOAT * countParameters(parameters), writesOn: false };
  const kept = keptWeights(adapter.base, parameters, { precision, products, readsStored: device === 'cpu' });
  const { mapped, own } = bytesKept(kept);
  const { constants, beside } = packedBytes(kept);
  const { adapters, dropout } = adapter;
  return {
    trained: adapterParameters(adapters),
    decoder: buildDecoder(folder.config, adapted(formatOf(kept), adapters, dropout === 0 ? null : dropoutOf(dropout))),
    beside: mapped + own,
    packed: beside,
    writesOn: isWorthKeeping(constants),
  };
}

/** Beside the exact weights lie those that the file will have, once or, where a weight is looked up on another grid than it is multiplied on, twice. */
function shippedLearner(parameters: readonly ParameterSpec[], { beside, training }: Shipping): Learner {
  const bytes = FLOAT * parameters.reduce((sum, parameter) => sum + beside(parameter).length * sizeOf(parameter.shape), 0);
  return { trained: parameters, decoder: training, beside: bytes, packed: FLOAT * countParameters(parameters), writesOn: false };
}
