import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { Problem } from '../../contract/problem.ts';
import type { ComparedFile } from '../../contract/reproduction.ts';
import { openFile, readFully } from '../../files/file-bytes.ts';
import { exportedFiles } from '../export/folder.ts';
import { numbersOf, storedTensors, WEIGHT_FILES, type StoredTensor } from './stored-tensors.ts';

/** Bytes compared at once, about. */
const PIECE = 1 << 20;

/** Compares the weights in two exports of the same parts, file by file. */
export async function compareWeights(exported: string, made: string): Promise<ComparedFile[]> {
  const names = [...await exportedFiles(exported)].filter((name) => WEIGHT_FILES.test(name)).sort();
  const compared: ComparedFile[] = [];
  for (const name of names) compared.push(await compareFiles(name, join(exported, name), join(made, name)));
  return compared;
}

async function compareFiles(file: string, one: string, other: string): Promise<ComparedFile> {
  try {
    return { file, ...await compareTensors(await storedTensors(one), await storedTensors(other)), problem: null };
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return { file, tensors: 0, differing: 0, largest: null, relative: null, problem: error.message };
  }
}

type Found = Omit<ComparedFile, 'file' | 'problem'>;

async function compareTensors(ours: readonly StoredTensor[], theirs: readonly StoredTensor[]): Promise<Found> {
  const others = new Map(theirs.map((tensor) => [tensor.name, tensor]));
  const sums = { largest: 0, difference: 0, size: 0, isKnown: false };
  let differing = 0;
  for (const tensor of ours) {
    const other = others.get(tensor.name);
    others.delete(tensor.name);
    if (other === undefined || !isAlike(tensor, other) || !(await isSame(tensor, other, sums))) differing++;
  }
  return {
    tensors: ours.length + others.size, differing: differing + others.size,
    largest: sums.isKnown ? sums.largest : null, relative: sums.isKnown && sums.size > 0 ? Math.sqrt(sums.difference / sums.size) : null,
  };
}

const lengthOf = ({ bytes }: StoredTensor): number => bytes.length;

function isAlike(one: StoredTensor, other: StoredTensor): boolean {
  return one.type === other.type && one.shape.join() === other.shape.join() && lengthOf(one) === lengthOf(other);
}

interface Sums { largest: number; /** Of squares, over all that can be read as numbers. */ difference: number; size: number; isKnown: boolean }

/** Whether two tensors of one type and shape hold the same bytes; adds their numbers to the sums. */
async function isSame(one: StoredTensor, other: StoredTensor, sums: Sums): Promise<boolean> {
  const format = numbersOf(one);
  const unit = format?.bytes ?? 1;
  const step = Math.max(1, Math.floor(PIECE / unit)) * unit;
  const [ours, theirs] = [await Source.open(one), await Source.open(other)];
  let isEqual = true;
  try {
    for (let at = 0; at < lengthOf(one); at += step) {
      const length = Math.min(step, lengthOf(one) - at);
      const [left, right] = [await ours.read(at, length), await theirs.read(at, length)];
      const isPieceEqual = Buffer.compare(left, right) === 0;
      isEqual &&= isPieceEqual;
      if (format === null) continue;
      const [values, others] = [left, right].map((bytes) => {
        const out = new Float32Array(bytes.length / unit * format.elements);
        format.decode(bytes, out);
        return out;
      }) as [Float32Array, Float32Array];
      addNumbers(values, others, sums);
    }
  } finally {
    await ours.close();
    await theirs.close();
  }
  return isEqual;
}

function addNumbers(values: Float32Array, others: Float32Array, sums: Sums): void {
  sums.isKnown = true;
  values.forEach((value, at) => {
    const difference = Math.abs(value - others[at]!);
    // A number that is none is the largest difference there is, unless it is the same one.
    sums.largest = Math.max(sums.largest, Number.isNaN(difference) ? (Object.is(value, others[at]) ? 0 : Infinity) : difference);
    sums.difference += difference ** 2 || 0;
    sums.size += value ** 2;
  });
}

/** The bytes of a tensor, wherever they are. */
class Source {
  private readonly bytes: StoredTensor['bytes'];
  private readonly file: FileHandle | null;

  private constructor(bytes: StoredTensor['bytes'], file: FileHandle | null) {
    this.bytes = bytes;
    this.file = file;
  }

  static async open({ bytes }: StoredTensor): Promise<Source> {
    return new Source(bytes, bytes instanceof Uint8Array ? null : await openFile(bytes.path));
  }

  async read(at: number, length: number): Promise<Uint8Array> {
    if (this.bytes instanceof Uint8Array) return this.bytes.subarray(at, at + length);
    const { path, offset } = this.bytes;
    const piece = new Uint8Array(length);
    await readFully(this.file!, piece, offset + at, () => new Problem(`${path} is cut off.`));
    return piece;
  }

  async close(): Promise<void> {
    await this.file?.close();
  }
}
