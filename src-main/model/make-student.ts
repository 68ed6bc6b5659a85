import { join, resolve } from 'node:path';
import { Problem } from '../contract/problem.ts';
import { listParameters } from '../nn/build.ts';
import type { ModelConfig } from '../nn/config.ts';
import type { LlamaConfig } from '../nn/families/llama.ts';
import type { JsonObject } from '../files/json-object.ts';
import type { ModelFiles } from './model-files.ts';
import { refuseOnlyTeaches } from './only-teaches.ts';
import { storedPrecision } from './precision.ts';
import type { TensorToWrite } from './safetensors-write.ts';
import type { StudentOrigin } from '../contract/model-description.ts';
import { STUDENT_ORIGIN } from './student-origin.ts';
import { publishFolder, writeJson, writeModel } from './write-folder.ts';

type StoredTensor = TensorToWrite & { data: AsyncIterable<Float32Array> };

/**
 * Writes a new model folder that has only the named layers of `teacher`, renumbered, and all else of it: embeddings,
 * norms, tokenizer, precision. Weights are copied piece by piece. Of an encoder-decoder both stacks keep these layers.
 * @param layers in ascending order.
 * @param onProgress told the weights written so far and in all; what it throws ends the work.
 * @throws Problem where the layers are not the teacher's, its weights are not whole, or `to` exists.
 */
export async function makeStudent(teacher: ModelFiles, layers: readonly number[], to: string, onProgress?: (done: number, total: number) => void): Promise<void> {
  const { config, rawConfig } = teacher;
  refuseOnlyTeaches(teacher.path, config, 'no student can be made of its layers');
  checkLayers(layers, config.family === 't5' ? Math.min(config.layers, config.encoderLayers) : config.layers);
  teacher.checkWeights(listParameters(config));
  await publishFolder(to, async (folder) => {
    await writeModel(folder, {
      from: teacher,
      config: chooseLayers(rawConfig, config, layers),
      tensors: counted(chosenTensors(teacher, layers), onProgress),
      precision: storedPrecision(teacher.tensors),
    });
    await writeJson(join(folder, STUDENT_ORIGIN), { madeFrom: resolve(teacher.path), layers: [...layers], of: config.layers } satisfies StudentOrigin);
  });
}

function counted(tensors: readonly StoredTensor[], onProgress?: (done: number, total: number) => void): TensorToWrite[] {
  const total = tensors.reduce((sum, { shape }) => sum + shape.reduce((product, size) => product * size, 1), 0);
  let done = 0;
  async function* told(data: AsyncIterable<Float32Array>): AsyncGenerator<Float32Array> {
    for await (const piece of data) {
      yield piece;
      onProgress?.(done += piece.length, total);
    }
  }
  return tensors.map((tensor) => ({ ...tensor, data: told(tensor.data) }));
}

export function checkLayers(layers: readonly number[], count: number): void {
  const named = layers.join(', ');
  if (layers.length === 0) throw new Problem('no layers are named', { hint: `The teacher has layers 0 to ${count - 1}.` });
  const strange = layers.find((layer) => !Number.isInteger(layer) || layer < 0 || layer >= count);
  if (strange !== undefined) throw new Problem(`there is no layer ${strange} in the teacher`, { hint: `It has layers 0 to ${count - 1}.` });
  if (layers.some((layer, at) => at > 0 && layer <= layers[at - 1]!)) {
    throw new Problem(`the layers ${named} are not in ascending order`, { hint: 'Name each layer once, lowest first.' });
  }
}

function chosenTensors(teacher: ModelFiles, layers: readonly number[]): StoredTensor[] {
  const hasOwnBias = teacher.config.family === 't5' && teacher.config.biasInEveryLayer;
  return teacher.tensors.flatMap(({ name, shape }) => {
    const [, before, layer, after] = /^(model\.layers\.|gpt_neox\.layers\.|transformer\.h\.|(?:en|de)coder\.block\.)(\d+)(\..+)$/.exec(name) ?? [];
    // The first layer of a T5 stack keeps the bias of all of them; umT5 has one in every layer.
    if (name.endsWith('.relative_attention_bias.weight') && !hasOwnBias) return [{ name, shape, data: teacher.pieces(name) }];
    const place = layers.indexOf(Number(layer));
    if (layer !== undefined && place < 0) return [];
    return [{ name: layer === undefined ? name : `${before}${place}${after}`, shape, data: teacher.pieces(name) }];
  });
}

/** `raw`, a config.json understood as `config`, with fewer layers; each keeps its kind of attention. */
export function chooseLayers(raw: JsonObject, config: ModelConfig, layers: readonly number[]): JsonObject {
  switch (config.family) {
    case 'gpt2': return { ...raw, n_layer: layers.length };
    case 't5': return { ...raw, num_layers: layers.length, num_decoder_layers: layers.length };
    case 'gemma':
    case 'olmo': return config.modelType === 'olmo2' ? fewer(raw, layers) : { ...raw, num_hidden_layers: layers.length, layer_types: typesOf(config.windows, layers) };
    case 'smollm3': return {
      ...fewer(raw, layers), no_rope_layers: layers.map((layer) => (config.rotates[layer] ? 1 : 0)), layer_types: typesOf(config.windows, layers),
    };
    case 'lfm2': return { ...fewer(raw, layers), full_attn_idxs: null, layer_types: layers.map((layer) => (config.attends[layer] ? 'full_attention' : 'conv')) };
    case 'llama': return chooseLlamaLayers(raw, config, layers);
    default: return fewer(raw, layers);
  }
}

/** With as many layers; what the config says of each of its layers, it says of those. */
function fewer(raw: JsonObject, layers: readonly number[]): JsonObject {
  const lists = ['layer_types', 'layers_block_type'].flatMap((field) => {
    const list = raw[field];
    return Array.isArray(list) ? [[field, layers.map((layer) => list[layer] as unknown)] as const] : [];
  });
  return { ...raw, num_hidden_layers: layers.length, ...Object.fromEntries(lists) };
}

/** By pattern a layer's kind would follow from its new place. */
function typesOf(windows: readonly (number | null)[], layers: readonly number[]): string[] {
  return layers.map((layer) => (windows[layer] === null ? 'full_attention' : 'sliding_attention'));
}

function chooseLlamaLayers(raw: JsonObject, config: LlamaConfig, layers: readonly number[]): JsonObject {
  const firstWindow = config.windows.findIndex((window) => window !== null);
  return {
    ...fewer(raw, layers),
    // Without `layer_types`, Qwen's windows begin at this layer; where it is not written, at one that the student may lack.
    ...((config.modelType === 'qwen2' || config.modelType === 'qwen3') && {
      max_window_layers: firstWindow < 0 ? layers.length : layers.filter((layer) => layer < firstWindow).length,
    }),
  };
}
