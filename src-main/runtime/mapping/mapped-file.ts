import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { Problem } from '../../contract/problem.ts';
import type { MapCall, Mapping } from './map-call.ts';
import { posixMap } from './posix.ts';
import { windowsMap } from './windows.ts';

/** As much of a file's state as tells whether it is still what was mapped. */
interface Seen { size: bigint; mtimeNs: bigint }

/** What gives a mapping back once nobody holds its file any more: sessions and graphs read by address as long as they live. */
const forgotten = new FinalizationRegistry<{ mapping: Mapping; fd: number }>(({ mapping, fd }) => {
  mapping.unmap();
  closeSync(fd);
});

let systemCall: MapCall | null | undefined;

/** The system's way to map files; null where there is none, and files are read instead. */
function mapCall(): MapCall | null {
  if (systemCall === undefined) {
    try {
      systemCall = process.platform === 'win32' ? windowsMap() : posixMap();
    } catch {
      systemCall = null;
    }
  }
  return systemCall;
}

/**
 * A file whose bytes are read by address, as they are needed, from memory that every process which maps it shares.
 *
 * A file that is deleted or replaced by another goes on being read as it was. One that becomes shorter ends a process
 * that reads past its end (SIGBUS), and one that is written over would change a model unseen: both are asked for
 * before each computation, by `check`.
 */
export class MappedFile {
  readonly path: string;
  private readonly address: bigint;
  private readonly fd: number;
  private readonly seen: Seen;

  private constructor(path: string, fd: number, seen: Seen, mapping: Mapping) {
    this.path = path;
    this.fd = fd;
    this.seen = seen;
    this.address = mapping.address;
    forgotten.register(this, { mapping, fd });
  }

  /** Null where this system cannot map the file; then it is to be read. @throws Error of the system where it cannot be opened */
  static open(path: string, map = mapCall()): MappedFile | null {
    if (map === null) return null;
    const fd = openSync(path, 'r');
    try {
      const seen = fstatSync(fd, { bigint: true });
      const mapping = map(path, fd, Number(seen.size));
      if (mapping) return new MappedFile(path, fd, seen, mapping);
    } catch (error) {
      closeSync(fd);
      throw error;
    }
    closeSync(fd);
    return null;
  }

  /** Bytes of the file, as an address. */
  range(offset: number, byteLength: number): MappedBytes {
    if (offset + byteLength > Number(this.seen.size)) throw new Error(`${this.path} has no byte ${offset + byteLength}`);
    return { file: this, offset, byteLength, address: this.address + BigInt(offset) };
  }

  /** A copy of bytes, for what cannot read by address. */
  read({ offset, byteLength }: MappedBytes): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(byteLength);
    for (let at = 0; at < byteLength;) {
      const count = readSync(this.fd, bytes, at, Math.min(byteLength - at, 2 ** 30), offset + at);
      if (count === 0) throw this.changed('became shorter');
      at += count;
    }
    return bytes;
  }

  /** @throws Problem where the file is no longer what was mapped */
  check(): void {
    const { size, mtimeNs } = fstatSync(this.fd, { bigint: true });
    if (size < this.seen.size) throw this.changed('became shorter');
    if (mtimeNs !== this.seen.mtimeNs) throw this.changed('was written to');
  }

  private changed(how: string): Problem {
    return new Problem(`${this.path} ${how} while the model in it was in use.`, {
      kind: 'failure', hint: 'Bring the file back as it was and start again; a new version of a model belongs into a file of its own.',
    });
  }
}

/** A part of a mapped file; it is there as long as somebody holds it. */
export interface MappedBytes {
  readonly file: MappedFile;
  readonly offset: number;
  readonly byteLength: number;
  readonly address: bigint;
}
