import { stat } from 'node:fs/promises';
import type { ModelDescription, NamedToken } from '../contract/model-description.ts';
import { buildDecoder, countParameters, listParameters } from '../nn/build.ts';
import { hasChatTemplate } from '../text/chat/chat-template.ts';
import { sizeOf } from '../graph/shape.ts';
import { openModel } from './folder.ts';
import { storedPrecision } from './precision.ts';
import type { TensorInfo } from './safetensors-read.ts';
import { loadTokenizer } from '../text/tokenizer/tokenizer.ts';

/** The types of tensors, that of most elements first. */
function typesOf(tensors: readonly TensorInfo[]): string[] {
  const elements = new Map<string, number>();
  for (const { dtype, shape } of tensors) elements.set(dtype, (elements.get(dtype) ?? 0) + sizeOf(shape));
  return [...elements].sort(([, a], [, b]) => b - a).map(([type]) => type);
}

/** Throws a `Problem` if it is not a whole model that Retort can run. @param path  a folder, or a GGUF file */
export async function describeModel(path: string): Promise<ModelDescription> {
  const folder = await openModel(path);
  const { config } = folder;
  const parameters = listParameters(config);
  const decoder = buildDecoder(config);
  folder.checkWeights(parameters);
  const tokenizer = await loadTokenizer(folder.companions);
  const named = (id: number): NamedToken => ({ id, text: tokenizer.tokenOf(id) ?? '' });
  const { kind, bosId, eosIds, padId, vocabularySize } = tokenizer;
  const sizes = await Promise.all(folder.weightFiles.map(async (file) => (await stat(file)).size));
  return {
    path,
    family: config.modelType, layers: config.layers, hiddenSize: config.hiddenSize, heads: config.heads,
    vocabularySize: config.vocabSize, contextLength: decoder.contextLength, encoderLayers: decoder.encoder?.layers ?? null,
    parameters: countParameters(parameters),
    layerParameters: countParameters(parameters.filter(({ name }) => /\.(layers|h|block)\.0\./.test(name))),
    precision: storedPrecision(folder.tensors),
    types: typesOf(folder.tensors),
    ...(folder.fileType !== undefined && { fileType: folder.fileType }),
    weightBytes: sizes.reduce((sum, size) => sum + size, 0),
    tokenizer: { kind, tokens: vocabularySize, bos: bosId === null ? null : named(bosId), eos: eosIds.map(named), pad: padId === null ? null : named(padId) },
    hasChatTemplate: await hasChatTemplate(folder.companions),
  };
}
