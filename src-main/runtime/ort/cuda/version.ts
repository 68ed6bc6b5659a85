import { closeSync, openSync, readSync } from 'node:fs';
import { Problem } from '../../../contract/problem.ts';
import type { CudaLibraries } from './find.ts';

/** Of ONNX Runtime, whose parts all have to be of the same. */
export const ORT_VERSION = '1.30.0';

const BLOCK = 2 ** 24;

/** ONNX Runtime's parts are made for each other, and another version ends the process. @throws Problem where the provider is of another one */
export function requireSameVersion({ provider }: Pick<CudaLibraries, 'provider'>): void {
  if (holds(provider, Buffer.from(`\0${ORT_VERSION}\0`))) return;
  throw new Problem(`${provider} is not of ONNX Runtime ${ORT_VERSION}, which Retort has.`, {
    hint: 'Fetch the right one with `retort device install cuda`, or take that folder out of RETORT_CUDA.',
  });
}

/** Whether a file has these bytes, read block by block. */
function holds(path: string, wanted: Buffer): boolean {
  const file = openSync(path, 'r');
  try {
    const buffer = Buffer.alloc(BLOCK + wanted.length);
    for (let at = 0; ; at += BLOCK) {
      const bytes = readSync(file, buffer, 0, buffer.length, at);
      if (buffer.subarray(0, bytes).includes(wanted)) return true;
      if (bytes < buffer.length) return false;
    }
  } finally {
    closeSync(file);
  }
}
