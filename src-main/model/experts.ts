import { Problem } from '../contract/problem.ts';
import type { StoredTensor } from './weight-files.ts';

/** A weight of a model folder: one tensor, or several whose rows stand below each other. */
export interface StoredWeight {
  readonly parts: readonly StoredTensor[];
  readonly shape: readonly number[];
  /** Where the weight has its elements in another order, or is a part of what is stored: what makes it of that. */
  readonly rearrange?: (pieces: AsyncIterable<Float32Array>) => AsyncIterable<Float32Array>;
}

/** A matrix of one of a layer's experts. */
const OF_EXPERT = /^(.+\.experts)\.(\d+)\.(.+)$/;
/** The matrices or biases of all of them, stored as one: those of gate and up take turns (gpt-oss). */
const OF_ALL = /^(.+\.experts)\.(gate_up|down)_proj(_bias)?$/;

/**
 * The weights of a folder as `nn/` has them: a matrix of each of a layer's experts, [outputs, inputs], below each other,
 * where a folder stores one by one, or together and turned. @throws Problem where experts differ
 */
export function joinExperts(path: string, tensors: ReadonlyMap<string, StoredTensor>): Map<string, StoredWeight> {
  const weights = new Map<string, StoredWeight>();
  const apart = new Map<string, { at: number; tensor: StoredTensor }[]>();
  for (const [name, tensor] of tensors) {
    const [, before, at, after] = OF_EXPERT.exec(name) ?? [];
    const [, prefix, which, bias] = OF_ALL.exec(name) ?? [];
    if (at !== undefined) apart.set(`${before}.${after}`, [...apart.get(`${before}.${after}`) ?? [], { at: Number(at), tensor }]);
    else if (which === undefined) weights.set(name, { parts: [tensor], shape: tensor.info.shape });
    else if (which === 'down') weights.set(`${prefix}.down_proj.${bias ? 'bias' : 'weight'}`, turned(tensor, 0, 1));
    else ['gate', 'up'].forEach((part, first) => weights.set(`${prefix}.${part}_proj.${bias ? 'bias' : 'weight'}`, turned(tensor, first, 2)));
  }
  for (const [name, parts] of apart) weights.set(name, below(path, name, parts.sort((a, b) => a.at - b.at).map(({ tensor }) => tensor)));
  return weights;
}

function below(path: string, name: string, parts: readonly StoredTensor[]): StoredWeight {
  const [rows, ...rest] = parts[0]!.info.shape;
  if (parts.some(({ info }) => info.shape.join() !== [rows, ...rest].join())) {
    throw new Problem(`${path}: the experts of ${name} differ in shape.`, { hint: 'The files are damaged or belong to different models.' });
  }
  return { parts, shape: [rows! * parts.length, ...rest] };
}

/** Of matrices [experts, inputs, outputs] or biases [experts, outputs], every so many outputs: [experts * outputs, inputs], or [experts, outputs]. */
function turned(tensor: StoredTensor, first: number, step: number): StoredWeight {
  const { shape } = tensor.info;
  const [experts, inputs, outputs] = shape.length === 3 ? shape as [number, number, number] : [shape[0]!, 1, shape[1]!];
  const chosen = outputs / step;
  return {
    parts: [tensor],
    shape: shape.length === 3 ? [experts * chosen, inputs] : [experts, chosen],
    async *rearrange(pieces) {
      // One expert at a time: its matrix takes some 70 MB where they are largest.
      for await (const matrix of inUnits(pieces, inputs * outputs)) {
        const out = new Float32Array(chosen * inputs);
        for (let output = 0; output < chosen; output++) {
          for (let input = 0; input < inputs; input++) out[output * inputs + input] = matrix[input * outputs + first + output * step]!;
        }
        yield out;
      }
    },
  };
}

/** The same elements, so many at a time. */
async function* inUnits(pieces: AsyncIterable<Float32Array>, size: number): AsyncGenerator<Float32Array> {
  const unit = new Float32Array(size);
  let filled = 0;
  for await (const piece of pieces) {
    for (let at = 0; at < piece.length;) {
      const part = piece.subarray(at, at + size - filled);
      unit.set(part, filled);
      filled += part.length;
      at += part.length;
      if (filled < size) continue;
      yield unit;
      filled = 0;
    }
  }
}
