import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Wheel } from '../../../src-main/contract/cuda.ts';
import { Problem } from '../../../src-main/contract/problem.ts';
import { ORT_VERSION } from '../../../src-main/runtime/ort/cuda/version.ts';
import { cudaFolder, cudaVariables, MARK, setCudaFolder, usualPlace } from '../../../src-main/service/devices/cuda-place.ts';
import { CUDA_WHEELS, cudaOffer } from '../../../src-main/service/devices/cuda-wheels.ts';
import { installCuda } from '../../../src-main/service/devices/install-cuda.ts';
import { pythonIndex } from '../../../src-main/service/devices/python-index.ts';
import { removeCuda } from '../../../src-main/service/devices/remove-cuda.ts';
import { WheelServer } from './wheel-server.ts';

const PROVIDER = 'libonnxruntime_providers_cuda.so';
let server: WheelServer;
let home: string;
let wheels: Wheel[];
/** Random, so that packing does not make them small. */
const [provider, blas] = [randomBytes(200_000), randomBytes(300_000)];

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'retort-cuda-test-'));
  server = new WheelServer();
  await server.start();
  wheels = [
    server.add('onnxruntime-gpu', { [`onnxruntime/capi/${PROVIDER}`]: provider, 'onnxruntime/LICENSE': Buffer.from('MIT'), 'onnxruntime/other.py': Buffer.from('pass') }, [PROVIDER]),
    server.add('nvidia-cublas', { 'nvidia/cu13/lib/libcublas.so.13': blas, 'nvidia_cublas-1.0.dist-info/licenses/License.txt': Buffer.from('EULA') }, ['libcublas.so.13']),
  ];
});
afterEach(async () => {
  await server.stop();
  await rm(home, { recursive: true, force: true });
});

const index = (): ReturnType<typeof pythonIndex> => ({ ...pythonIndex(server.url), timing: { silence: 30_000, pause: 1, longestPause: 1 } });
const install = (given: Partial<Parameters<typeof installCuda>[2]> = {}): Promise<void> => installCuda(index(), usualPlace(home), { onProgress: () => undefined, wheels, kept: 500_000, ...given });

it('puts the libraries side by side with their licences, and removes them again', async () => {
  const told: [number, number][] = [];
  await install({ onProgress: (_, done, total) => told.push([done, total]) });
  const place = usualPlace(home);
  expect((await readdir(place)).sort()).toEqual(['libcublas.so.13', PROVIDER, 'licences', MARK].sort());
  expect(await readFile(join(place, PROVIDER))).toEqual(provider);
  expect(await readFile(join(place, 'libcublas.so.13'))).toEqual(blas);
  expect(await readFile(join(place, 'licences', 'nvidia-cublas.txt'), 'utf8')).toBe('EULA');
  const total = wheels.reduce((sum, { bytes }) => sum + bytes, 0);
  expect(told.at(-1)).toEqual([total, total]);
  expect(await readdir(home)).toEqual(['cuda']);
  expect(cudaFolder(home)).toBe(place);
  expect(cudaVariables(home)).toEqual({ RETORT_CUDA: place });
  await expect(install()).rejects.toThrow('is there already');
  expect(await removeCuda(home)).toBe(place);
  expect(await readdir(home)).toEqual([]);
  await expect(removeCuda(home)).rejects.toThrow('There are no CUDA libraries that Retort has fetched.');
});

it('goes on where it was cancelled, without what is there', async () => {
  const controller = new AbortController();
  await expect(install({
    signal: controller.signal, onProgress: (file, done) => { if (file.startsWith('nvidia') && done > wheels[0]!.bytes) controller.abort(new Problem('Cancelled.')); },
  })).rejects.toThrow('Cancelled.');
  expect(existsSync(usualPlace(home))).toBe(false);
  server.asked.length = 0;
  await install();
  expect(server.asked.filter(({ path }) => path.includes('onnxruntime_gpu'))).toEqual([]);
  expect(await readFile(join(usualPlace(home), 'libcublas.so.13'))).toEqual(blas);
});

it('goes on in a file whose connection was cut', async () => {
  server.cutAfter = 100_000;
  await install();
  expect(server.asked.map(({ range }) => range).filter((range) => range !== null)).toHaveLength(1);
  expect(await readFile(join(usualPlace(home), PROVIDER))).toEqual(provider);
});

it('refuses what is not the file that was published', async () => {
  const [first] = wheels;
  server.wheels.get(first!.file)!.contents.fill(0, 100, 200);
  await expect(install()).rejects.toThrow('its SHA-256 is another');
  expect(existsSync(usualPlace(home))).toBe(false);
  await expect(install({ wheels: [{ ...first!, sha256: '0'.repeat(64) }] })).rejects.toThrow('its SHA-256 is another');
  await expect(install({ wheels: [{ ...first!, file: 'other.whl' }] })).rejects.toThrow('has no other.whl.');
});

it('says what the disk has no room for before anything is asked', async () => {
  await expect(install({ kept: 2 ** 60 })).rejects.toThrow(/The download takes .* are free\./);
  expect(server.asked).toEqual([]);
});

it('lets a person\'s own folder be', async () => {
  const own = join(home, 'own');
  await mkdir(own);
  await writeFile(join(own, PROVIDER), '');
  await setCudaFolder(home, own);
  expect(cudaFolder(home)).toBe(own);
  await expect(removeCuda(home)).rejects.toThrow('is not from Retort, so it stays.');
  await setCudaFolder(home, null);
  expect(cudaFolder(home)).toBeNull();
});

it('offers the provider of the ONNX Runtime that is here, with every size', async () => {
  const { version } = JSON.parse(await readFile('node_modules/onnxruntime-node/package.json', 'utf8')) as { version: string };
  expect(ORT_VERSION).toBe(version);
  expect(CUDA_WHEELS[0]!.file).toContain(`-${version}-`);
  if (process.platform === 'linux' && process.arch === 'x64') expect(cudaOffer()).toMatchObject({ bytes: 731_606_841, kept: 1_001_240_728 });
});
