import koffi from 'koffi';
import type { Pointer } from './api.ts';

/** A text as C has it. It keeps its place for as long as the array lives. */
export function cString(text: string): Uint8Array {
  return new TextEncoder().encode(`${text}\0`);
}

/** Arrays as C's array of pointers to them; they must outlive it. */
export function pointersTo(arrays: readonly NodeJS.TypedArray[]): BigUint64Array {
  return BigUint64Array.from(arrays, (array) => koffi.address(array));
}

/** Names as C has them, with their addresses at hand. */
export class CNames {
  private readonly known: ReadonlyMap<string, { text: Uint8Array; address: Pointer }>;

  constructor(names: readonly string[]) {
    this.known = new Map(names.map((name) => {
      const text = cString(name);
      return [name, { text, address: koffi.address(text) }];
    }));
  }

  /** C's array of pointers to some of the names; they live as long as this object. */
  pointersTo(named: readonly { name: string }[]): BigUint64Array {
    return BigUint64Array.from(named, ({ name }) => this.known.get(name)!.address);
  }
}
