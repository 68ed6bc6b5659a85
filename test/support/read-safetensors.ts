import { readFile } from 'node:fs/promises';

/** All tensors of a float32 safetensors file. */
export async function readSafetensors(path: string): Promise<Map<string, Float32Array>> {
  const file = await readFile(path);
  const length = Number(file.readBigUInt64LE(0));
  const header = JSON.parse(file.toString('utf8', 8, 8 + length)) as Record<string, { data_offsets: [number, number] }>;
  return new Map(Object.entries(header).filter(([name]) => name !== '__metadata__').map(([name, { data_offsets: [start, end] }]) => (
    [name, new Float32Array(Uint8Array.prototype.slice.call(file, 8 + length + start, 8 + length + end).buffer)])));
}
