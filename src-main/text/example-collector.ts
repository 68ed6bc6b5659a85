import { deserialize, serialize } from 'node:v8';
import { toJson } from '../contract/exact-number.ts';
import { parseExactly } from '../data/exact-json.ts';
import { sizeOf } from '../data/row.ts';
import { Numbers } from '../files/numbers.ts';
import { SpoolFile } from '../files/spool-file.ts';
import type { EncodedExample } from './encoded-example.ts';
import { inMemory, type ExampleSet } from './example-set.ts';
import { addNotes, NO_NOTES } from './notes.ts';
import { lengthsOf } from './text-lengths.ts';

/** What the examples of a set may take in memory, about, before they are kept on the disk. */
const MOST_BYTES = 64 * 2 ** 20;

/** Makes a set of examples that come one after the other: a small one in memory, a large one on the disk. */
export class ExampleCollector {
  private readonly mostBytes: number;
  private held: EncodedExample[] = [];
  private bytes = 0;
  private spooled: SpooledExamples | null = null;

  constructor(mostBytes = MOST_BYTES) {
    this.mostBytes = mostBytes;
  }

  add(example: EncodedExample): void {
    if (this.spooled) return this.spooled.add(example);
    this.held.push(example);
    this.bytes += bytesOf(example);
    if (this.bytes <= this.mostBytes) return;
    this.spooled = new SpooledExamples();
    for (const one of this.held) this.spooled.add(one);
    this.held = [];
  }

  /** What was added, in order. */
  set(): ExampleSet {
    return this.spooled ?? inMemory(this.held);
  }
}

/** Objects and typed arrays cost more than what a short text holds. */
function bytesOf({ row, promptText, inputText, completionText, prompt, completion }: EncodedExample): number {
  return 1024 + sizeOf(row) + promptText.length + inputText.length + (completionText?.length ?? 0) + 4 * (prompt.length + completion.length);
}

/** Examples on the disk; only their lengths are in memory. */
class SpooledExamples implements ExampleSet {
  private readonly file = new SpoolFile();
  private readonly lengths = new Numbers();
  notes = NO_NOTES;

  get count(): number {
    return this.lengths.length / 4;
  }

  add(example: EncodedExample): void {
    const { prompt, completion, cutOfPrompt, cutOfCompletion } = lengthsOf(example);
    for (const length of [prompt, completion, cutOfPrompt, cutOfCompletion]) this.lengths.push(length);
    this.notes = addNotes(this.notes, example.notes);
    const { row, turns, ...rest } = example;
    // What comes from a file may hold numbers that are more than plain ones.
    this.file.append(serialize({ ...rest, fromFile: toJson({ row, turns }) }));
  }

  lengthsAt(place: number): ReturnType<typeof lengthsOf> {
    const [prompt, completion, cutOfPrompt, cutOfCompletion] = [0, 1, 2, 3].map((at) => this.lengths.at(4 * place + at)) as [number, number, number, number];
    return { prompt, completion, cutOfPrompt, cutOfCompletion };
  }

  read(places: readonly number[]): Promise<EncodedExample[]> {
    return Promise.resolve(places.map((place) => {
      const { fromFile, ...rest } = deserialize(this.file.read(place)) as Omit<EncodedExample, 'row' | 'turns'> & { fromFile: string };
      return { ...rest, ...parseExactly(fromFile) as Pick<EncodedExample, 'row' | 'turns'> };
    }));
  }
}
