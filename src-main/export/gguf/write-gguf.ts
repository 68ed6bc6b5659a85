import type { ModelFiles } from '../../model/model-files.ts';
import type { Imatrix } from './imatrix.ts';
import { u32, type KeyValues } from './key-values.ts';
import { MIXTURES, tensorTypes, type Mixture } from './mixture.ts';
import { shapeOf, tensorPieces } from './pieces.ts';
import type { ExportPlan } from './plan-export.ts';
import { writeTensors, type TensorToWrite } from './write-tensors.ts';

export interface GgufToWrite {
  readonly model: Pick<ModelFiles, 'pieces'>;
  readonly layers: number;
  readonly plan: ExportPlan;
  /** Those of the tokenizer, and what tells the file apart. */
  readonly keys: KeyValues;
  readonly mixture: Mixture;
  readonly imatrix: Imatrix | null;
  readonly signal: AbortSignal;
}

/**
 * Writes a new GGUF file of a whole model.
 * @returns its bytes
 * @throws Problem where the disk has no room for it, before anything is written
 */
export async function writeGguf(path: string, { model, layers, plan, keys, mixture, imatrix, signal }: GgufToWrite): Promise<number> {
  const header = { ...plan.keys, ...keys, 'general.file_type': u32(MIXTURES[mixture].fileType), 'general.quantization_version': u32(2) };
  return writeTensors(path, header, tensorsOf(plan, model, mixture, layers, imatrix), signal);
}

function tensorsOf({ tensors, tables, queryGroup }: ExportPlan, model: Pick<ModelFiles, 'pieces'>, mixture: Mixture, layers: number, imatrix: Imatrix | null): TensorToWrite[] {
  const shaped = tensors.map((make) => ({ target: make.target, shape: shapeOf(make), make }));
  const types = tensorTypes(shaped, mixture, { queryGroup, layers, hasImatrix: imatrix !== null });
  return [
    ...[...tables].map(([name, table]): TensorToWrite => ({ name, shape: [table.length], kind: 'F32', importance: null, pieces: () => [table] })),
    ...shaped.map(({ target: name, shape, make }, at): TensorToWrite => ({ name, shape, kind: types[at]!, importance: imatrix?.get(name) ?? null, pieces: () => tensorPieces(model, make) })),
  ];
}
