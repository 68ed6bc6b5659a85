import { resolve } from 'node:path';
import type { StudentOrigin } from '../contract/model-description.ts';
import { Problem } from '../contract/problem.ts';
import type { JsonObject } from '../files/json-object.ts';
import { sizeOf } from '../graph/shape.ts';
import { listParameters, type ParameterSpec } from '../nn/build.ts';
import { readConfig } from './config/read-config.ts';
import { checkLayers, chooseLayers } from './make-student.ts';
import type { ModelFiles } from './model-files.ts';
import { refuseOnlyTeaches } from './only-teaches.ts';
import type { TensorToWrite } from './safetensors-write.ts';
import { STUDENT_ORIGIN } from './student-origin.ts';
import { publishFolder, writeJson, writeModel } from './write-folder.ts';

/** Rows of a GGUF file are blocks of 32. */
const BLOCK = 32;

/**
 * Writes a new model folder with some layers of `teacher`, and less of each: of every matrix its first rows and columns, as
 * far as the narrower model has them. It has the teacher's vocabulary, and has to learn everything else anew from there.
 * @param width  of its hidden states
 * @param onProgress  told the tensors written so far and in all; what it throws ends the work
 * @throws Problem where the teacher's family has no such form, or `to` exists
 */
export async function narrowStudent(teacher: ModelFiles, layers: readonly number[], width: number, to: string, onProgress?: (done: number, total: number) => void): Promise<void> {
  const { config, rawConfig } = teacher;
  refuseOnlyTeaches(teacher.path, config, 'no student can be made of its layers');
  if (config.family === 't5') throw new Problem('A narrower model is made of decoders only.', { hint: 'Leave --width out: fewer layers make it smaller as well.' });
  checkLayers(layers, config.layers);
  if (width % BLOCK !== 0 || width < BLOCK || width >= config.hiddenSize) throw new Problem(`A width of ${width} is not possible.`, { hint: `Give a multiple of ${BLOCK} below ${config.hiddenSize}, the width of ${teacher.path}.` });
  const raw = narrower(chooseLayers(rawConfig, config, layers), width, config.hiddenSize);
  const smaller = readConfig(teacher.path, raw);
  const whole = new Map(listParameters(config).map((parameter) => [parameter.name, parameter]));
  teacher.checkWeights([...whole.values()]);
  await publishFolder(to, async (folder) => {
    await writeModel(folder, {
      from: teacher, config: raw, precision: 'fp32',
      tensors: listParameters(smaller).map((parameter, at, all): TensorToWrite => ({ name: parameter.name, shape: parameter.shape, data: corner(teacher, whole.get(inTeacher(parameter.name, layers))!, parameter, () => onProgress?.(at + 1, all.length)) })),
    });
    await writeJson(`${folder}/${STUDENT_ORIGIN}`, { madeFrom: resolve(teacher.path), layers: [...layers], of: config.layers } satisfies StudentOrigin);
  });
}

/** The config of a model of another width: as many heads as fit, each as wide as before, and an inner layer in proportion. */
function narrower(raw: JsonObject, width: number, of: number): JsonObject {
  const share = width / of;
  const scaled = (field: string, unit: number): Record<string, number> => (typeof raw[field] === 'number' ? { [field]: Math.max(unit, Math.round(raw[field] * share / unit) * unit) } : {});
  const [heads, isGpt2] = 'n_head' in raw ? [raw['n_head'] as number, true] : [raw['num_attention_heads'] as number, false];
  const hasOwnWidth = typeof raw['head_dim'] === 'number';
  const count = hasOwnWidth ? Math.max(1, Math.round(heads * share)) : width * heads / of;
  if (!Number.isInteger(count)) throw new Problem(`A width of ${width} does not divide into heads of ${of / heads}.`, { hint: `Give a multiple of ${of / heads}.` });
  if (isGpt2) return { ...raw, n_embd: width, n_head: count, ...scaled('n_inner', BLOCK) };
  const shared = raw['num_key_value_heads'];
  return {
    ...raw, hidden_size: width, num_attention_heads: count, ...scaled('intermediate_size', BLOCK),
    ...(typeof shared === 'number' && { num_key_value_heads: largestDivisor(count, shared) }),
  };
}

/** The largest number up to `limit` that divides `count`: every head of keys serves as many heads of queries. */
function largestDivisor(count: number, limit: number): number {
  for (let divisor = Math.min(count, limit); divisor > 1; divisor--) if (count % divisor === 0) return divisor;
  return 1;
}

/** The name that a student's parameter has in its teacher. */
const inTeacher = (name: string, layers: readonly number[]): string =>
  name.replace(/^(model\.layers\.|gpt_neox\.layers\.|transformer\.h\.)(\d+)\./, (_, before: string, layer: string) => `${before}${layers[Number(layer)]}.`);

/** The first rows and columns of a tensor. */
async function* corner(teacher: ModelFiles, whole: ParameterSpec, part: ParameterSpec, onDone: () => void): AsyncGenerator<Float32Array> {
  const from = whole.shape.at(-1)!;
  const [width, length] = [part.shape.at(-1)!, sizeOf(part.shape)];
  if (part.shape.length > 2 && part.shape.slice(1).some((size, at) => size !== whole.shape[at + 1])) throw new Problem(`${teacher.path} has a weight ${whole.name} of ${whole.shape.length} dimensions, of which no narrower form is known.`, { hint: 'Leave --width out.' });
  const out = new Float32Array(length);
  let [at, filled] = [0, 0];
  for await (const piece of teacher.pieces(whole.name)) {
    for (let index = 0; index < piece.length && filled < length;) {
      const column = at % from;
      const taken = Math.min(from - column, piece.length - index);
      if (column < width) {
        const wanted = piece.subarray(index, index + Math.min(taken, width - column));
        out.set(wanted.subarray(0, length - filled), filled);
        filled += Math.min(wanted.length, length - filled);
      }
      index += taken;
      at += taken;
    }
  }
  yield out;
  onDone();
}
