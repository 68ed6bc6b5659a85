import type { TfTensor } from './library.ts';

/** The tensors of a run by name, each released when nobody reads it any more. */
export class Values {
  /** Somebody else's, who releases them. */
  private readonly lent: ReadonlyMap<string, TfTensor>;
  private readonly own = new Map<string, TfTensor>();

  constructor(lent: ReadonlyMap<string, TfTensor>) {
    this.lent = lent;
  }

  get(name: string): TfTensor {
    const tensor = this.own.get(name) ?? this.lent.get(name);
    if (!tensor) throw new Error(`"${name}" is read before it is there`);
    return tensor;
  }

  put(name: string, tensor: TfTensor): void {
    this.own.set(name, tensor);
  }

  drop(name: string): void {
    this.own.get(name)?.dispose();
    this.own.delete(name);
  }

  release(): void {
    for (const tensor of this.own.values()) tensor.dispose();
    this.own.clear();
  }
}
