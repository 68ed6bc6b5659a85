import { stat } from 'node:fs/promises';
import { countParameters, listParameters } from '../nn/build.ts';
import type { ModelConfig } from '../nn/config.ts';
import { hasChatTemplate } from './chat-template.ts';
import { openModel } from './folder.ts';
import { storedPrecision, type WeightPrecision } from './precision.ts';
import { loadTokenizer, type TokenizerKind } from './tokenizer.ts';

export interface NamedToken { id: number; text: string }

/** What a person wants to know of a model folder before using it. */
export interface ModelDescription {
  path: string;
  config: ModelConfig;
  parameters: number;
  precision: WeightPrecision;
  /** Bytes of the files that hold the weights. */
  weightBytes: number;
  tokenizer: { kind: TokenizerKind; tokens: number; bos: NamedToken | null; eos: NamedToken[]; pad: NamedToken | null };
  hasChatTemplate: boolean;
}

/** Throws a `Problem` if the folder is not a whole model that Retort can run. */
export async function describeModel(path: string): Promise<ModelDescription> {
  const folder = await openModel(path);
  const parameters = listParameters(folder.config);
  folder.checkWeights(parameters);
  const tokenizer = await loadTokenizer(path);
  const named = (id: number): NamedToken => ({ id, text: tokenizer.tokenOf(id) ?? '' });
  const { kind, bosId, eosIds, padId, vocabularySize } = tokenizer;
  const sizes = await Promise.all(folder.weightFiles.map(async (file) => (await stat(file)).size));
  return {
    path,
    config: folder.config,
    parameters: countParameters(parameters),
    precision: storedPrecision(folder.tensors),
    weightBytes: sizes.reduce((sum, size) => sum + size, 0),
    tokenizer: { kind, tokens: vocabularySize, bos: bosId === null ? null : named(bosId), eos: eosIds.map(named), pad: padId === null ? null : named(padId) },
    hasChatTemplate: await hasChatTemplate(path),
  };
}
