import { Problem } from '../../contract/problem.ts';
import type { ModelConfig } from '../../nn/config.ts';
import { downName, upName, type Adapters, type LowRank } from '../../nn/weights/adapted.ts';
import { f32, text, u32, type KeyValues } from './key-values.ts';
import { shapeOf, tensorPieces } from './pieces.ts';
import { planExport } from './plan-export.ts';
import type { TensorToMake } from './tensor-to-make.ts';
import { writeTensors, type TensorToWrite } from './write-tensors.ts';

export interface LoraToWrite {
  /** What the base model is called in messages. */
  readonly base: string;
  readonly config: ModelConfig;
  readonly adapters: Adapters;
  /** What tells the file apart. */
  readonly keys: KeyValues;
  /** The weights of a parameter of the adapters. */
  weights(name: string): Float32Array;
  readonly signal: AbortSignal;
}

/**
 * Writes adapters as llama.cpp loads them beside the base model's file: A and B of each in float32, B's rows laid out as the
 * rows of the matrix are there.
 * @returns the file's bytes
 * @throws Problem where llama.cpp does not know the family
 */
export async function writeLora(path: string, { base, config, adapters, keys, weights, signal }: LoraToWrite): Promise<number> {
  const { architecture, tensors } = await planExport(base, config);
  const [first] = adapters.values();
  if (!first) throw new Error('an adapter has matrices');
  // One alpha stands for all; where a matrix has another, its B is scaled.
  const alpha = first.scale * first.rank;
  const made = [...adapters].flatMap(([name, adapter]) => {
    const places = tensors.filter((tensor) => tensor.name === name);
    if (places.length === 0) throw new Problem(`llama.cpp has no tensor for ${name}, which has an adapter.`, { hint: 'Export the whole model as GGUF.' });
    const [down, up] = [weights(downName(adapter)), weights(upName(adapter))];
    const factor = adapter.scale * adapter.rank / alpha;
    return places.flatMap((place) => pair(place, adapter, down, factor === 1 ? up : up.map((value) => value * factor)));
  });
  return writeTensors(path, {
    'general.architecture': text(architecture), 'general.type': text('adapter'), 'adapter.type': text('lora'), 'adapter.lora.alpha': f32(alpha), ...keys, 'general.file_type': u32(0),
  }, made, signal);
}

function pair(place: TensorToMake, { rank }: LowRank, down: Float32Array, up: Float32Array): TensorToWrite[] {
  // What is turned round in the file is not turned here: A and B say themselves which side is which.
  const rows: TensorToMake = { ...place, shape: [up.length / rank, rank], layout: place.layout === 'transposed' ? 'same' : place.layout };
  const tensor = { kind: 'F32', importance: null } as const;
  return [
    { ...tensor, name: `${place.target}.lora_a`, shape: [rank, down.length / rank], pieces: () => [down] },
    { ...tensor, name: `${place.target}.lora_b`, shape: shapeOf(rows), pieces: () => tensorPieces({ pieces: () => once(up) }, rows) },
  ];
}

async function* once(values: Float32Array): AsyncGenerator<Float32Array> {
  yield values;
}
