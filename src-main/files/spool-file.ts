import { accessSync, closeSync, constants, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Problem } from '../contract/problem.ts';
import { Numbers } from './numbers.ts';

/** Bytes written at once. */
const BLOCK = 2 ** 20;

/** Closes the files of those that nobody holds any longer. */
const forgotten = new FinalizationRegistry<number>((descriptor) => { closeSync(descriptor); });

/**
 * Records of a process on the disk, written once in order and read by their place. The file loses its name as soon as it is
 * open, so that it is gone with the last that uses it, however the process ends.
 */
export class SpoolFile {
  private readonly folder = temporaryFolder();
  private readonly descriptor: number;
  private readonly starts = new Numbers();
  private readonly block = Buffer.alloc(BLOCK);
  private filled = 0;
  private written = 0;

  /** @throws Problem where the folder for temporary files takes none */
  constructor() {
    const path = join(this.folder, `retort-${randomUUID()}.spool`);
    this.descriptor = this.guarded(() => openSync(path, 'wx+', 0o600));
    rmSync(path);
    forgotten.register(this, this.descriptor);
  }

  /** @throws Problem where the disk is full */
  append(record: Uint8Array): void {
    this.starts.push(this.written + this.filled);
    if (this.filled + record.length > BLOCK) this.flush();
    if (record.length > BLOCK) return this.write(record);
    this.block.set(record, this.filled);
    this.filled += record.length;
  }

  /** A record's bytes, a copy. @param place  from 0, in the order of writing */
  read(place: number): Buffer {
    if (this.filled > 0) this.flush();
    const start = this.starts.at(place);
    const end = place + 1 < this.starts.length ? this.starts.at(place + 1) : this.written;
    const record = Buffer.alloc(end - start);
    for (let done = 0; done < record.length;) {
      const count = readSync(this.descriptor, record, done, record.length - done, start + done);
      if (count === 0) throw new Error(`Record ${place} of a temporary file is cut off.`);
      done += count;
    }
    return record;
  }

  private flush(): void {
    this.write(this.block.subarray(0, this.filled));
    this.filled = 0;
  }

  private write(bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length;) {
      done += this.guarded(() => writeSync(this.descriptor, bytes, done, bytes.length - done, this.written + done));
    }
    this.written += bytes.length;
  }

  private guarded<Result>(act: () => Result): Result {
    try {
      return act();
    } catch (cause) {
      throw new Problem(`Large data is kept in a temporary file, and ${this.folder} takes none: ${(cause as Error).message}.`, {
        kind: 'failure', hint: 'Free space there, or name another folder by the environment variable TMPDIR.', cause,
      });
    }
  }
}

/** On many systems the usual folder lies in memory, which is what a spool is to save; this one does not. */
function temporaryFolder(): string {
  if (process.env['TMPDIR'] !== undefined || process.platform !== 'linux') return tmpdir();
  try {
    accessSync('/var/tmp', constants.W_OK);
    return '/var/tmp';
  } catch {
    return tmpdir();
  }
}
