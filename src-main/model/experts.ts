import { Problem } from '../contract/problem.ts';
import type { StoredTensor } from './weight-files.ts';

/** A weight of a model folder: one tensor, or several whose rows stand below each other. */
export interface StoredWeight { readonly parts: readonly StoredTensor[]; readonly shape: readonly number[] }

/** A matrix of one of a layer's experts. */
const OF_EXPERT = /^(.+\.experts)\.(\d+)\.(.+)$/;

/** The weights of a folder as `nn/` has them: of a layer's experts, which are stored one by one, a kind of matrix as one bank. @throws Problem where experts differ */
export function joinExperts(path: string, tensors: ReadonlyMap<string, StoredTensor>): Map<string, StoredWeight> {
  const found = new Map<string, { at: number; tensor: StoredTensor }[]>();
  for (const [name, tensor] of tensors) {
    const [, before, at, after] = OF_EXPERT.exec(name) ?? [];
    const joined = at === undefined ? name : `${before}.${after}`;
    found.set(joined, [...found.get(joined) ?? [], { at: Number(at ?? 0), tensor }]);
  }
  return new Map([...found].map(([name, parts]) => [name, below(path, name, parts.sort((a, b) => a.at - b.at).map(({ tensor }) => tensor))]));
}

function below(path: string, name: string, parts: readonly StoredTensor[]): StoredWeight {
  const [rows, ...rest] = parts[0]!.info.shape;
  if (parts.length === 1) return { parts, shape: parts[0]!.info.shape };
  if (parts.some(({ info }) => info.shape.join() !== [rows, ...rest].join())) {
    throw new Problem(`${path}: the experts of ${name} differ in shape.`, { hint: 'The files are damaged or belong to different models.' });
  }
  return { parts, shape: [rows! * parts.length, ...rest] };
}
