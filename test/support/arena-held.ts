import { join } from 'node:path';
import koffi from 'koffi';
import { libraryFolder } from '../../src-main/runtime/ort/library-folder.ts';
import type { Program } from '../../src-main/runtime/program.ts';

const POINTER = 'void *';
/** Places in `struct OrtApi`. */
const [CREATE_CPU_INFO, CREATE_ALLOCATOR, KEY_VALUE, RELEASE_PAIRS, STATS] = [69, 131, 297, 300, 319];
const VERSION = 23;
const ARENA = 1;

/** Bytes that ONNX Runtime's arena on the processor holds, as it counts them. @param program  any that it runs */
export function arenaHeld(program: Program): number {
  const library = koffi.load(join(libraryFolder(), 'libonnxruntime.so.1'));
  const pointers = (address: bigint, count: number): bigint[] => koffi.decode(address, koffi.array(POINTER, count, 'Array')) as bigint[];
  const [getApi] = pointers(library.func('OrtGetApiBase', POINTER, [])() as bigint, 1);
  const table = pointers(koffi.call(getApi, koffi.proto(POINTER, ['uint32']), VERSION) as bigint, STATS + 1);
  const call = (at: number, result: string, ...parameters: string[]): (...values: unknown[]) => unknown => koffi.decode(table[at], koffi.proto(result, parameters)) as (...values: unknown[]) => unknown;
  const made = (make: (out: BigUint64Array) => unknown): bigint => {
    const out = new BigUint64Array(1);
    if (make(out) !== null) throw new Error('ONNX Runtime does not tell what it holds');
    return out[0]!;
  };
  const info = made((out) => call(CREATE_CPU_INFO, POINTER, 'int', 'int', POINTER)(ARENA, 0, out));
  const allocator = made((out) => call(CREATE_ALLOCATOR, POINTER, POINTER, POINTER, POINTER)(Reflect.get(program, 'session'), info, out));
  const pairs = made((out) => call(STATS, POINTER, POINTER, POINTER)(allocator, out));
  const told = call(KEY_VALUE, 'str', POINTER, 'str')(pairs, 'TotalAllocated') as string;
  call(RELEASE_PAIRS, 'void', POINTER)(pairs);
  return Number(told);
}
