import type { Recipe } from '../contract/recipe.ts';
import { bytesKept, keptWeights } from '../model/frozen/kept.ts';
import { formatOf } from '../model/frozen/open-frozen.ts';
import type { TrainedAdapter } from '../model/adapter/trained-adapter.ts';
import type { Model } from '../model/load-model.ts';
import { buildDecoder, countParameters, type ParameterSpec } from '../nn/build.ts';
import type { Decoder } from '../nn/decoder.ts';
import { adapted, adapterParameters } from '../nn/weights/adapted.ts';
import { dropoutOf } from '../nn/weights/dropout.ts';

const FLOAT = 4;

/** What learns in a run, as its memory sees it. */
export interface Learner {
  trained: readonly ParameterSpec[];
  /** As a step computes it. */
  decoder: Decoder;
  /** Bytes of what stays as it is beside an adapter. */
  beside: number;
  /** Bytes of the copy that ONNX Runtime packs of weights for writing: of float32 and of integers, not of what is unpacked as it is needed. */
  packed: number;
}

export function learnerOf({ folder, decoder, parameters }: Model, adapter: TrainedAdapter | null, { precision = 'fp32', device }: Recipe['student']): Learner {
  if (!adapter) return { trained: parameters, decoder, beside: 0, packed: FLOAT * countParameters(parameters) };
  const kept = keptWeights(adapter.base, parameters, { precision, readsStored: device === 'cpu' });
  const { mapped, own } = bytesKept(kept);
  const { adapters, dropout } = adapter;
  return {
    trained: adapterParameters(adapters),
    decoder: buildDecoder(folder.config, adapted(formatOf(kept), adapters, dropout === 0 ? null : dropoutOf(dropout))),
    beside: mapped + own,
    packed: precision === 'fp32' ? FLOAT * countParameters(parameters) : precision === 'fp16' ? 0 : own,
  };
}
