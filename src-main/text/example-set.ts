import { setImmediate as turn } from 'node:timers/promises';
import { tellReading } from '../bounds/reading.ts';
import type { EncodedExample } from './encoded-example.ts';
import type { TextNotes } from '../contract/data-view.ts';
import { sumNotes } from './notes.ts';
import { lengthsOf, type TextLengths } from './text-lengths.ts';

/** Encoded examples in order, wherever they lie. */
export interface ExampleSet {
  readonly count: number;
  /** Of the whole file, also where this is a part of it. */
  readonly notes: TextNotes;
  /** Known of every example without reading it. @param place  from 0, below `count` */
  lengthsAt(place: number): TextLengths;
  /** The examples at these places, in this order. */
  read(places: readonly number[]): Promise<EncodedExample[]>;
}

/** Examples that lie in memory. */
export function inMemory(examples: readonly EncodedExample[]): ExampleSet {
  return {
    count: examples.length,
    notes: sumNotes(examples.map(({ notes }) => notes)),
    lengthsAt: (place) => lengthsOf(examples[place]!),
    read: (places) => Promise.resolve(places.map((place) => examples[place]!)),
  };
}

export const NO_EXAMPLES: ExampleSet = inMemory([]);

/** Those at some places of a set, in this order. */
export function subset(set: ExampleSet, chosen: readonly number[]): ExampleSet {
  return {
    count: chosen.length,
    notes: set.notes,
    lengthsAt: (place) => set.lengthsAt(chosen[place]!),
    read: (places) => set.read(places.map((place) => chosen[place]!)),
  };
}

/** The first examples of a set. @param most  all of them where it is null or there are no more */
export function firstExamples(set: ExampleSet, most: number | null): Promise<EncodedExample[]> {
  return examplesFrom(set, 0, most ?? set.count);
}

/** So many examples from a place on, fewer where the set ends. */
export function examplesFrom(set: ExampleSet, offset: number, count: number): Promise<EncodedExample[]> {
  return set.read(Array.from({ length: Math.max(0, Math.min(count, set.count - offset)) }, (_, at) => offset + at));
}

/** Whether any of the first examples has a completion. */
export function hasAnswers(set: ExampleSet, most: number): boolean {
  return Array.from({ length: Math.min(most, set.count) }, (_, place) => place).some((place) => set.lengthsAt(place).completion > 0);
}

/** Examples held in memory at once while a whole set is gone through. */
const AT_ONCE = 256;

/** The first examples of a set, so many at a time. */
export async function* partsOf(set: ExampleSet, most: number, size: number): AsyncGenerator<EncodedExample[]> {
  const count = Math.min(most, set.count);
  for (let start = 0; start < count; start += size) {
    yield examplesFrom(set, start, Math.min(size, count - start));
    await turn();
  }
}

/** All examples of a set, one after the other. */
export async function* eachExample(set: ExampleSet): AsyncGenerator<EncodedExample> {
  for (let start = 0; start < set.count; start += AT_ONCE) {
    yield* await examplesFrom(set, start, AT_ONCE);
    tellReading(Math.min(start + AT_ONCE, set.count));
    // A process that others talk to hears them meanwhile.
    await turn();
  }
}

/** The lengths of all examples of a set. */
export function* allLengths(set: ExampleSet): Generator<TextLengths> {
  for (let place = 0; place < set.count; place++) yield set.lengthsAt(place);
}
