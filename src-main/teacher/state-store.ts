import { existsSync } from 'node:fs';
import { mkdir, open, readdir, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { Problem } from '../contract/problem.ts';
import { isDiskFull } from '../files/disk-space.ts';
import { openFile } from '../files/file-bytes.ts';
import { bytesPerElement, decodeFloats, encodeFloats, largestOf, type FloatFormat } from '../model/float-formats.ts';
import { isWhole, listRecords, MAGIC, recordHeader, type Place } from './segment.ts';

const EXTENSION = '.states';

/**
 * What a teacher thinks of texts, numbers for each token, on the disk: hidden states, or what a server told. It is written once and read by every run that has the folder. Each program that adds to
 * it writes a file of its own, so several may at once; a record that a killed one left half written, and one whose bytes
 * are not as they were written, count as not there.
 */
export class StateStore {
  private readonly folder: string;
  private readonly format: FloatFormat;
  private readonly places: Map<string, Place>;
  private readonly files = new Map<string, Promise<FileHandle>>();
  private own: { path: string; file: FileHandle; end: number } | null = null;
  /** One record is written after the other, whoever asks. */
  private adding: Promise<unknown> = Promise.resolve();

  private constructor(folder: string, format: FloatFormat, places: Map<string, Place>) {
    this.folder = folder;
    this.format = format;
    this.places = places;
  }

  /** @param format  in which states are kept: float32 as they are, float16 rounded */
  static async open(folder: string, format: 'F16' | 'F32'): Promise<StateStore> {
    const names = existsSync(folder) ? (await readdir(folder)).filter((name) => name.endsWith(EXTENSION)).sort() : [];
    return new StateStore(folder, format, new Map(names.flatMap((name) => [...listRecords(join(folder, name))])));
  }

  has(key: Buffer): boolean {
    return this.places.has(key.toString('hex'));
  }

  /** Fills `into` with a text's states; false where they are not there, or not as they were written. */
  async read(key: Buffer, into: Float32Array): Promise<boolean> {
    const name = key.toString('hex');
    const place = this.places.get(name);
    if (!place) return false;
    const data = Buffer.alloc(into.length * bytesPerElement(this.format));
    const isRead = place.bytes === data.length && await this.fill(data, place) && isWhole(data, place);
    if (isRead) decodeFloats(this.format, data, into);
    else this.places.delete(name);
    return isRead;
  }

  /**
   * Keeps a text's states, and rounds them to what is kept: whoever uses them now computes with what others will read.
   * @throws Problem where a number is too large for the format, or the disk is full
   */
  add(key: Buffer, states: Float32Array): Promise<void> {
    const turn = this.adding.then(() => this.append(key, states));
    this.adding = turn.catch(() => undefined);
    return turn;
  }

  private async append(key: Buffer, states: Float32Array): Promise<void> {
    const most = largestOf(this.format);
    if (states.some((value) => Math.abs(value) > most)) {
      throw new Problem('The teacher has hidden states too large for teacher.cache in fp16.', { hint: 'Set teacher.cache to "fp32".' });
    }
    const data = encodeFloats(this.format, states);
    const own = this.own ??= await this.begin();
    const header = recordHeader(key, data);
    const record = Buffer.concat([header, data]);
    await writeAll(own.path, own.file, record, own.end);
    this.places.set(key.toString('hex'), { path: own.path, position: own.end + header.length, bytes: data.byteLength, check: header.subarray(-8) });
    own.end += record.length;
    decodeFloats(this.format, data, states);
  }

  /** What was added is on the disk when it returns. */
  async sync(): Promise<void> {
    await this.own?.file.sync();
  }

  async close(): Promise<void> {
    await this.adding;
    await this.sync();
    await Promise.all([...this.files.values(), ...(this.own ? [this.own.file] : [])].map(async (file) => (await file).close()));
    this.files.clear();
    this.own = null;
  }

  private async begin(): Promise<NonNullable<StateStore['own']>> {
    await mkdir(this.folder, { recursive: true });
    const path = join(this.folder, `${Date.now()}-${process.pid}${EXTENSION}`);
    const file = await open(path, 'wx+');
    await writeAll(path, file, MAGIC, 0);
    return { path, file, end: MAGIC.length };
  }

  private async fill(data: Buffer, { path, position }: Place): Promise<boolean> {
    const opened = this.files.get(path) ?? openFile(path);
    this.files.set(path, opened);
    const file = await opened;
    for (let at = 0; at < data.length;) {
      const { bytesRead } = await file.read(data, at, data.length - at, position + at);
      if (bytesRead === 0) return false;
      at += bytesRead;
    }
    return true;
  }
}

async function writeAll(path: string, file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  try {
    for (let at = 0; at < bytes.length;) at += (await file.write(bytes, at, bytes.length - at, position + at)).bytesWritten;
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    throw new Problem(isDiskFull(code) ? `The disk is full: what the teacher thinks of a text could not be kept in ${path}.` : `${path} cannot be written: ${message}`, {
      kind: 'failure', hint: 'Free some space and resume the run; with a teacher on this machine, teacher.cache can be left out.', cause,
    });
  }
}
