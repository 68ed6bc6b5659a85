import type { HubLook } from '../../contract/hub.ts';
import { Problem, toReport } from '../../contract/problem.ts';
import type { ByteSources } from '../../files/byte-source.ts';
import { NoParts } from '../../hub/remote-bytes.ts';
import { bytesKept, keptWeights } from '../../model/frozen/kept.ts';
import { openGguf } from '../../model/gguf/gguf-model.ts';
import { buildDecoder, countParameters, listParameters, type ParameterSpec } from '../../nn/build.ts';
import type { ModelConfig } from '../../nn/config.ts';
import { loadTokenizer } from '../../text/tokenizer/tokenizer.ts';
import { fitsOf } from './fits.ts';

/** What Retort makes of a model that lies on a hub. */
export type Understood = Pick<HubLook, 'model' | 'fits' | 'unusable'>;
export const NOT_LOOKED_INTO: Understood = { model: null, fits: [], unusable: null };

/** @param asTeacher  bytes of the weights where they are kept as they lie; those of float32 if left out */
export function understoodOf(config: ModelConfig, parameters: readonly ParameterSpec[], asTeacher?: number): Omit<Understood, 'unusable'> {
  const { contextLength, onlyTeaches } = buildDecoder(config);
  return {
    model: { family: config.modelType, parameters: countParameters(parameters), layers: config.layers, contextLength },
    fits: fitsOf(config, parameters, { asTeacher, canLearn: !onlyTeaches }),
  };
}

/** @throws what is no fault of the model: the hub that cannot be reached, a cancelled request */
export async function unlessUnusable(understand: () => Promise<Understood>): Promise<Understood> {
  try {
    return await understand();
  } catch (error) {
    if (error instanceof NoParts) return NOT_LOOKED_INTO;
    if (!(error instanceof Problem) || error.kind === 'failure') throw error;
    return { ...NOT_LOOKED_INTO, unusable: toReport(error) };
  }
}

/** A GGUF file by its header: metadata, tokenizer and index of tensors, some megabytes of however many gigabytes. */
export async function lookIntoGguf(path: string, from: ByteSources): Promise<Understood> {
  const model = await openGguf(path, from);
  const parameters = listParameters(model.config);
  model.checkWeights(parameters);
  await loadTokenizer(model.companions);
  const { mapped, own } = bytesKept(keptWeights(model, parameters, { precision: 'fp32', readsStored: true }));
  return { ...understoodOf(model.config, parameters, mapped + own), unusable: null };
}
