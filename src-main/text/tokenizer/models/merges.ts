import type { Field } from '../pipeline/field.ts';

type Rule = readonly [string, string];

/** Reads the rules that join two tokens: pairs, or texts with a space between the two. */
export function readMerges(field: Field): Rule[] {
  const { value } = field;
  if (!Array.isArray(value)) return field.refuseKind('a list');
  const entries: readonly unknown[] = typeof value[0] === 'string' ? value.filter((entry) => !String(entry).startsWith('#version')) : value;
  return entries.map((entry, rank) => {
    const pair: unknown = typeof entry === 'string' ? entry.split(' ') : entry;
    if (!isRule(pair)) return field.refuse(`has ${JSON.stringify(entry)?.slice(0, 80)} as rule ${rank}, which is no pair of tokens`);
    return pair;
  });
}

function isRule(pair: unknown): pair is Rule {
  return Array.isArray(pair) && pair.length === 2 && typeof pair[0] === 'string' && typeof pair[1] === 'string';
}

/** More than any id, so that two ids make one number. */
const ID_BASE = 2 ** 24;
/** More than any place in a word, so that a rank and a place make one number that sorts by rank first. */
const PLACE_BASE = 2 ** 31;

/** The rules by the ids of their tokens. */
export class Merges {
  private readonly ranks: PairTable;
  /** What each rule makes. */
  private readonly made: Int32Array;

  /** `prefixLength`: what a second token carries that the joined one does not. */
  constructor(rules: readonly Rule[], ids: ReadonlyMap<string, number>, prefixLength: number, field: Field) {
    this.made = new Int32Array(rules.length);
    this.ranks = new PairTable(rules.length);
    const idOf = (token: string, rank: number): number => ids.get(token)
      ?? field.refuse(`has a rule, number ${rank}, that needs ${JSON.stringify(token)}, which is not in the vocabulary`);
    for (const [rank, [first, second]] of rules.entries()) {
      this.ranks.set(idOf(first, rank) * ID_BASE + idOf(second, rank), rank);
      this.made[rank] = idOf(first + (prefixLength === 0 ? second : second.slice(prefixLength)), rank);
    }
  }

  /** Joins the tokens of a word, the lowest rank first and among equals the leftmost. */
  apply(word: number[]): number[] {
    if (word.length < 2) return word;
    const next = Int32Array.from(word, (_, at) => at + 1);
    const before = Int32Array.from(word, (_, at) => at - 1);
    const joined = new Uint8Array(word.length);
    const queue = new Queue();
    const offer = (at: number): void => {
      const rank = this.ranks.get(word[at]! * ID_BASE + word[next[at]!]!);
      if (rank !== undefined) queue.push(rank * PLACE_BASE + at);
    };
    for (let at = 0; at < word.length - 1; at++) offer(at);
    for (let top = queue.pop(); top !== undefined; top = queue.pop()) {
      const at = top % PLACE_BASE;
      const right = next[at]!;
      if (joined[at] === 1 || right === word.length) continue;
      // Another rule may have changed the pair since.
      const rank = this.ranks.get(word[at]! * ID_BASE + word[right]!);
      const made = this.made[Math.floor(top / PLACE_BASE)]!;
      if (rank === undefined || this.made[rank] !== made) continue;
      word[at] = made;
      joined[right] = 1;
      const after = next[at] = next[right]!;
      if (after < word.length) before[after] = at;
      if (before[at]! >= 0) offer(before[at]!);
      if (after < word.length) offer(at);
    }
    return word.filter((_, at) => joined[at] === 0);
  }
}

/** Ranks by pairs of ids. It is as large as the rules are many, so it holds plain numbers: each key at its hash or behind it. */
class PairTable {
  private readonly keys: Float64Array;
  private readonly ranks: Int32Array;

  constructor(size: number) {
    const places = 2 ** Math.ceil(Math.log2(2 * size + 2));
    this.keys = new Float64Array(places).fill(-1);
    this.ranks = new Int32Array(places);
  }

  set(key: number, rank: number): void {
    const place = this.placeOf(key);
    this.keys[place] = key;
    this.ranks[place] = rank;
  }

  get(key: number): number | undefined {
    const place = this.placeOf(key);
    return this.keys[place] === key ? this.ranks[place] : undefined;
  }

  /** Where the key is, or the free place where it would be. */
  private placeOf(key: number): number {
    const mask = this.keys.length - 1;
    let place = (Math.imul(Math.floor(key / ID_BASE), 0x9e3779b1) ^ Math.imul(key % ID_BASE, 0x85ebca6b)) & mask;
    while (this.keys[place] !== -1 && this.keys[place] !== key) place = (place + 1) & mask;
    return place;
  }
}

/** A heap of numbers: the smallest comes out first. */
class Queue {
  private readonly heap: number[] = [];

  push(value: number): void {
    const { heap } = this;
    let at = heap.length;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (heap[parent]! <= value) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = value;
  }

  pop(): number | undefined {
    const { heap } = this;
    const top = heap[0];
    const value = heap.pop();
    if (value === undefined || heap.length === 0) return top;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && heap[child + 1]! < heap[child]!) child++;
      if (heap[child]! >= value) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = value;
    return top;
  }
}
