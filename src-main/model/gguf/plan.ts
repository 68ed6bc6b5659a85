import { Problem } from '../../contract/problem.ts';
import type { GgufFile } from './gguf-file.ts';
import type { Metadata } from './metadata.ts';

/** A tensor to write and where it comes from. */
export interface PlannedTensor {
  /** Name and shape in the model folder. */
  readonly name: string;
  readonly shape: readonly number[];
  /** Name in the GGUF file. */
  readonly source: string;
  /**
   * How the converter of llama.cpp had laid it out. `rotary`: within each head, rows i and i + headDim / 2, which rotate
   * together, were made neighbours. `transposed`: turned from [in, out] to [out, in]. `from one`: one was added. `squeezed`:
   * sides of one were left out. `experts`: their rows, below each other here, have an axis of their own there. `joined`: what a head has of
   * queries, keys and values, below each other here, was put with that of the other heads: all queries, keys, values.
   */
  readonly layout: 'same' | 'transposed' | 'from one' | 'squeezed' | { readonly rotary: { readonly headDim: number } } | { readonly experts: number } | { readonly joined: { readonly heads: number } };
}

/** What a model folder made of a GGUF file will hold, but for the tokenizer. */
export interface Plan {
  readonly modelType: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly vocabSize: number;
  readonly contextLength: number;
  readonly tensors: readonly PlannedTensor[];
}

/** Metadata of one architecture: `llama.block_count` is asked for as `block_count`. */
export class ArchitectureKeys {
  private readonly metadata: Metadata;
  private readonly prefix: string;

  constructor(metadata: Metadata, architecture: string) {
    this.metadata = metadata;
    this.prefix = `${architecture}.`;
  }

  has(key: string): boolean {
    return this.metadata.has(this.prefix + key);
  }

  flag(key: string, fallback: boolean): boolean {
    return this.metadata.flag(this.prefix + key) ?? fallback;
  }

  text(key: string): string | undefined {
    return this.metadata.text(this.prefix + key);
  }

  /** A whole number from 1. Without a fallback the key must be there. */
  count(key: string, fallback?: number): number {
    const value = this.metadata.required(this.prefix + key, this.metadata.count(this.prefix + key) ?? fallback);
    if (value < 1) throw this.unsupported(key);
    return value;
  }

  /** A whole number from 0, such as an id. */
  index(key: string, fallback: number): number {
    return this.metadata.count(this.prefix + key) ?? fallback;
  }

  /** As `count`; of a list, one number for each layer, the largest. */
  most(key: string, fallback: number): number {
    if (!this.metadata.isList(this.prefix + key)) return this.count(key, fallback);
    this.metadata.numbers(this.prefix + key);
    const most = this.metadata.most(this.prefix + key);
    if (most === null || most < 1) throw this.unsupported(key);
    return most;
  }

  /** `layer_types` of config.json: a list of flags where the file has one, else every so many layers, else what is assumed. */
  windows(layers: number, assumed: (layer: number) => boolean): string[] {
    const key = `${this.prefix}attention.sliding_window_pattern`;
    const flags = this.metadata.isList(key) ? this.metadata.flags(key) : undefined;
    const every = flags ? undefined : this.metadata.count(key);
    const isWindowed = (layer: number): boolean => flags?.[layer] ?? (every === undefined ? assumed(layer) : (layer + 1) % every !== 0);
    return Array.from({ length: layers }, (_, layer) => (isWindowed(layer) ? 'sliding_attention' : 'full_attention'));
  }

  number(key: string, fallback?: number): number {
    return this.metadata.required(this.prefix + key, this.metadata.number(this.prefix + key) ?? fallback);
  }

  /** Refuses the key unless it is absent or has this value. */
  only(key: string, value: number): void {
    if (this.number(key, value) !== value) throw this.unsupported(key, `Retort supports only ${value}.`);
  }

  /** Marks a key that does not change what the model computes. */
  ignore(...keys: string[]): void {
    for (const key of keys) this.metadata.ignore(this.prefix + key);
  }

  refuseRest(): void {
    // That it says no is an answer of its own, where other keys say so of what is not in use.
    if (!this.flag('attention.causal', true)) throw this.unsupported('attention.causal', 'Retort imports models that see only what comes before.');
    this.metadata.refuseRest(this.prefix);
  }

  unsupported(key: string, hint?: string): Problem {
    return this.metadata.unsupported(this.prefix + key, hint);
  }
}

/** Demands that the file has every tensor of the plan in its shape, and no other but those in `inert`. */
export function checkTensors(file: GgufFile, { tensors }: Plan, inert: RegExp): void {
  for (const { source, shape, layout } of tensors) {
    if (!file.has(source)) throw new Problem(`${file.path} lacks the tensor ${source}`, { hint: 'The file is damaged or only a part of a model.' });
    const expected = shapeInFile(shape, layout);
    const found = file.shape(source);
    if (found.join() !== expected.join()) {
      throw new Problem(`${file.path}: the tensor ${source} has the shape [${found.join(', ')}], but its metadata demand [${expected.join(', ')}]`);
    }
  }
  const planned = new Set(tensors.map(({ source }) => source));
  const strange = file.tensorNames.find((name) => !planned.has(name) && !inert.test(name));
  if (strange !== undefined) {
    throw new Problem(`${file.path}: Retort does not know the tensor ${strange}`, { hint: 'This variant of the architecture cannot be imported.' });
  }
}

function shapeInFile(shape: readonly number[], layout: PlannedTensor['layout']): readonly number[] {
  if (layout === 'transposed') return [...shape].reverse();
  if (layout === 'squeezed') return shape.filter((side) => side !== 1);
  return typeof layout === 'object' && 'experts' in layout ? [layout.experts, shape[0]! / layout.experts, ...shape.slice(1)] : shape;
}
