import { buildDecoder, listMatrices } from '../build.ts';
import type { ModelConfig } from '../config.ts';
import type { Matrix } from '../weights/weight-format.ts';

/** A matrix of a model under the name that PEFT has for its place: "model.layers.0.self_attn.q_proj". */
export interface Module { readonly name: string; readonly matrix: Matrix; readonly isOutput: boolean }

/** Every matrix of a model, its output layer among them; one that is the embedding as well cannot have an adapter. */
export function modulesOf(config: ModelConfig): Module[] {
  const { outputLayer, tables } = buildDecoder(config);
  const isTied = tables.some(({ name }) => name === outputLayer.name);
  return listMatrices(config).flatMap((matrix) => {
    const isOutput = matrix.name === outputLayer.name;
    return isOutput && isTied ? [] : [{ name: matrix.name.replace(/\.weight$/, ''), matrix, isOutput }];
  });
}

/** Whether a target names a module, by all of its name or its end, as PEFT does. */
export const isTarget = (module: string, target: string): boolean => module === target || module.endsWith(`.${target}`);
