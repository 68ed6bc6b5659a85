import { existsSync } from 'node:fs';
import { Problem } from '../contract/problem.ts';
import { openFile } from './file-bytes.ts';

/** Bytes that lie somewhere: a file here, or one that is read over a network. */
export interface ByteSource {
  readonly size: number;
  /** Fills bytes from a place. @returns how many there were */
  read(bytes: Uint8Array, position: number): Promise<number>;
  close(): Promise<void>;
}

/** Files by their paths. */
export interface ByteSources {
  has(path: string): boolean;
  /** @throws Problem where it cannot be opened */
  open(path: string): Promise<ByteSource>;
}

export const ON_DISK: ByteSources = {
  has: existsSync,
  open: async (path) => {
    const file = await openFile(path);
    const stat = await file.stat();
    if (!stat.isFile()) {
      await file.close();
      throw new Problem(`${path} is not a file`, { hint: 'Give the path of one.' });
    }
    return {
      size: stat.size,
      read: async (bytes, position) => {
        for (let at = 0; at < bytes.length;) {
          const { bytesRead } = await file.read(bytes, at, bytes.length - at, position + at);
          if (bytesRead === 0) return at;
          at += bytesRead;
        }
        return bytes.length;
      },
      close: () => file.close(),
    };
  },
};
