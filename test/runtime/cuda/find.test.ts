import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readLinked } from '../../../src-main/runtime/ort/cuda/elf.ts';
import { findCuda } from '../../../src-main/runtime/ort/cuda/find.ts';
import { requireCuda } from '../../../src-main/runtime/ort/cuda/require.ts';
import { ORT_VERSION, requireSameVersion } from '../../../src-main/runtime/ort/cuda/version.ts';
import { libraryFolder } from '../../../src-main/runtime/ort/library-folder.ts';

let folder: string;
beforeEach(async () => { folder = await mkdtemp(join(tmpdir(), 'retort-find-cuda-')); });
afterEach(() => rm(folder, { recursive: true, force: true }));

/** The least ELF library that needs others: a segment that is loaded at an address, and the table of dynamic links in it. */
function library(name: string, needed: readonly string[]): Buffer {
  const [address, tableAt] = [0x10_000n, 64 + 2 * 56];
  const names = Buffer.from(`\0${[name, ...needed].join('\0')}\0`);
  const offset = (text: string): bigint => BigInt(names.indexOf(`\0${text}\0`) + 1);
  const stringsAt = tableAt + (needed.length + 3) * 16;
  const entries: [bigint, bigint][] = [...needed.map((one): [bigint, bigint] => [1n, offset(one)]), [14n, offset(name)], [5n, address + BigInt(stringsAt)], [0n, 0n]];
  const table = Buffer.from(BigUint64Array.from(entries.flat()).buffer);
  const header = Buffer.alloc(64);
  header.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  header.writeBigUInt64LE(64n, 32);
  header.writeUInt16LE(56, 54);
  header.writeUInt16LE(2, 56);
  const segment = (type: number, at: number, bytes: number): Buffer => {
    const head = Buffer.alloc(56);
    head.writeUInt32LE(type, 0);
    head.writeBigUInt64LE(BigInt(at), 8);
    head.writeBigUInt64LE(address + BigInt(at), 16);
    head.writeBigUInt64LE(BigInt(bytes), 32);
    return head;
  };
  return Buffer.concat([header, segment(1, 0, stringsAt + names.length), segment(2, tableAt, table.length), table, names]);
}

async function put(path: string, needed: readonly string[] = []): Promise<string> {
  const place = join(folder, path);
  await mkdir(dirname(place), { recursive: true });
  await writeFile(place, library(path.split('/').at(-1)!, needed));
  return place;
}

const NEEDED = ['libcublasLt.so.13', 'libcublas.so.13', 'libcudart.so.13', 'libcuda.so.1', 'libstdc++.so.6'];
const env = (): Record<string, string> => ({ RETORT_CUDA: folder });

describe.skipIf(process.platform !== 'linux')('CUDA\'s libraries', () => {
  it('are read as ldd reads them', async () => {
    const path = await put('libone.so', NEEDED);
    expect(readLinked(path)).toEqual({ name: 'libone.so', needed: NEEDED });
    await writeFile(path, 'no library');
    expect(readLinked(path)).toBeNull();
    expect(readLinked(join(libraryFolder(), 'libonnxruntime.so.1'))).toMatchObject({ name: 'libonnxruntime.so.1', needed: expect.arrayContaining(['libc.so.6']) as unknown });
  });

  it('are found in one folder, those that others need first', async () => {
    const provider = await put('libonnxruntime_providers_cuda.so', NEEDED);
    const bridge = await put('libonnxruntime_providers_shared.so');
    const [lt, blas, runtime] = [await put('libcublasLt.so.13'), await put('libcublas.so.13', ['libcublasLt.so.13']), await put('libcudart.so.13')];
    expect(findCuda(env(), '/nowhere')).toEqual({ provider, bridge, nvidia: [lt, blas, runtime], missing: [], version: 13 });
  });

  it('are found in a Python environment with its wheels unpacked', async () => {
    const packages = 'lib/python3.12/site-packages';
    const provider = await put(`${packages}/onnxruntime/capi/libonnxruntime_providers_cuda.so`, NEEDED);
    await put(`${packages}/onnxruntime/capi/libonnxruntime_providers_shared.so`);
    for (const name of ['libcublas.so.13', 'libcublasLt.so.13', 'libcudart.so.13']) await put(`${packages}/nvidia/cu13/lib/${name}`, name === 'libcublas.so.13' ? ['libcublasLt.so.13'] : []);
    for (const variables of [{ RETORT_CUDA: folder }, { VIRTUAL_ENV: folder }]) expect(findCuda(variables, '/nowhere')).toMatchObject({ provider, missing: [], version: 13 });
  });

  it('are found beside ONNX Runtime, where npm\'s script puts them, with the system\'s', async () => {
    const provider = await put('npm/libonnxruntime_providers_cuda.so', ['libcudart.so.12']);
    await put('npm/libonnxruntime_providers_shared.so');
    const runtime = await put('system/libcudart.so.12');
    expect(findCuda({ LD_LIBRARY_PATH: join(folder, 'system') }, join(folder, 'npm'))).toMatchObject({ provider, nvidia: [runtime], missing: [], version: 12 });
  });

  it('that are missing are named', async () => {
    await put('libonnxruntime_providers_cuda.so', ['libcurand.so.999', 'libcuda.so.1']);
    await put('libonnxruntime_providers_shared.so');
    const found = findCuda(env(), '/nowhere');
    expect(found?.missing).toEqual(['libcurand.so.999']);
    expect(() => requireCuda(found)).toThrow(process.arch === 'x64' ? 'The device "cuda" needs NVIDIA\'s libcurand.so.999, which is not on this machine.' : 'x64');
    expect(findCuda({}, '/nowhere')).toBeNull();
  });

  it('of another version of ONNX Runtime are refused', async () => {
    const provider = join(folder, 'provider.so');
    await writeFile(provider, Buffer.concat([Buffer.alloc(2 ** 24 - 3), Buffer.from(`\0${ORT_VERSION}\0`), Buffer.alloc(100)]));
    expect(() => requireSameVersion({ provider })).not.toThrow();
    await writeFile(provider, Buffer.from('\x001.29.9\0'));
    expect(() => requireSameVersion({ provider })).toThrow(`is not of ONNX Runtime ${ORT_VERSION}`);
  });
});
