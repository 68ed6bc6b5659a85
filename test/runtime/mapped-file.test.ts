import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { writeOnnx, type OnnxGraph, type WriteOptions } from '../../src-main/graph/onnx/write.ts';
import { matmul } from '../../src-main/graph/ops/matmul.ts';
import { Graph } from '../../src-main/graph/value.ts';
import { MappedFile } from '../../src-main/runtime/mapping/mapped-file.ts';
import { nativeExecutor } from '../../src-main/runtime/ort/native/executor.ts';
import type { Program } from '../../src-main/runtime/program.ts';
import { float32, hostTensor, type MappedTensor } from '../../src-main/runtime/tensor.ts';
import { asInitializers } from '../../src-main/runtime/weights.ts';

const SIZE = 4;

function scratchFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'retort-mapped-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** A file with a few bytes before the numbers 0 to 15. */
function numbers(): { path: string; weight: MappedTensor; file: MappedFile } {
  const path = join(scratchFolder(), 'numbers.bin');
  writeFileSync(path, Buffer.concat([Buffer.alloc(8), Buffer.from(Float32Array.from({ length: SIZE * SIZE }, (_, at) => at).buffer)]));
  const file = MappedFile.open(path)!;
  return { path, file, weight: { dtype: 'float32', shape: [SIZE, SIZE], mapped: file.range(8, 4 * SIZE * SIZE) } };
}

const x = float32(Float32Array.of(1, 0, 0, 1), [1, SIZE]);
const PRODUCT = [12, 14, 16, 18];

function product(weights: WriteOptions['weights']): OnnxGraph {
  const graph = new Graph();
  return writeOnnx({ y: matmul(graph.input('x', 'float32', [1, SIZE]), graph.parameter('w', [SIZE, SIZE])) }, { weights });
}

async function kept(program: Promise<Program>): Promise<Program> {
  const made = await program;
  onTestFinished(() => made.release());
  return made;
}

const run = async (program: Program, weight: MappedTensor): Promise<number[]> => [...(await program.run({ x, w: weight }))['y']!.data as Float32Array];

describe('a mapped file', () => {
  it('is read by programs where it lies, as an input and as an initializer', async () => {
    const { weight } = numbers();
    expect(await run(await kept(nativeExecutor(1).compile(product('inputs'))), weight)).toEqual(PRODUCT);
    const { placement, initializers } = asInitializers({ w: weight });
    const constant = await kept(nativeExecutor(1).compile(product(placement), { initializers }));
    expect([...(await constant.run({ x }))['y']!.data as Float32Array]).toEqual(PRODUCT);
  });

  it('is copied for an executor that cannot read by address', () => {
    expect([...hostTensor(numbers().weight).data as Float32Array].at(-1)).toBe(15);
  });

  it('has no bytes but its own', () => {
    expect(() => numbers().file.range(8, 4 * SIZE * SIZE + 1)).toThrow('has no byte 73');
  });

  it('is still there once it has been deleted', async () => {
    const { path, weight } = numbers();
    rmSync(path);
    expect(await run(await kept(nativeExecutor(1).compile(product('inputs'))), weight)).toEqual(PRODUCT);
  });

  it.each(['input', 'initializer'])('that became shorter is refused before a program reads it as an %s', async (how) => {
    const { path, weight } = numbers();
    const { placement, initializers } = asInitializers({ w: weight });
    const program = await kept(nativeExecutor(1).compile(how === 'input' ? product('inputs') : product(placement), how === 'input' ? {} : { initializers }));
    truncateSync(path, 10);
    await expect(program.run(how === 'input' ? { x, w: weight } : { x })).rejects.toMatchObject({ kind: 'failure', message: `${path} became shorter while the model in it was in use.` });
  });

  it('that was written over is refused', async () => {
    const { path, weight } = numbers();
    const program = await kept(nativeExecutor(1).compile(product('inputs')));
    writeFileSync(path, new Uint8Array(8 + 4 * SIZE * SIZE));
    await expect(run(program, weight)).rejects.toThrow(/was written to while/);
  });

  it('is none where the system cannot map it', () => {
    const { path } = numbers();
    expect(MappedFile.open(path, null)).toBeNull();
    expect(MappedFile.open(path, () => null)).toBeNull();
    writeFileSync(path, '');
    expect(MappedFile.open(path)).toBeNull();
    expect(() => MappedFile.open(`${path}.missing`)).toThrow(/ENOENT/);
  });

  it.runIf(process.platform === 'linux')('takes memory that the system shares, not this process\'s own', async () => {
    const size = 2048;
    const path = join(scratchFolder(), 'large.bin');
    writeFileSync(path, new Uint8Array(4 * size * size));
    const file = MappedFile.open(path)!;
    const graph = new Graph();
    const y = matmul(graph.input('x', 'float32', [1, size]), graph.parameter('w', [size, size]), { transB: true });
    const program = await kept(nativeExecutor(1).compile(writeOnnx({ y }, { weights: 'inputs' }), { optimize: 'none' }));
    const before = pages();
    await program.run({ x: float32(new Float32Array(size), [1, size]), w: { dtype: 'float32', shape: [size, size], mapped: file.range(0, 4 * size * size) } });
    const after = pages();
    expect(after.file - before.file).toBeGreaterThan(15 * 2 ** 20);
    expect(after.own - before.own).toBeLessThan(8 * 2 ** 20);
  });
});

/** Bytes of this process that lie in files, and that are its own. */
function pages(): { file: number; own: number } {
  const text = readFileSync('/proc/self/status', 'utf8');
  const bytes = (name: string): number => 1024 * Number(new RegExp(`^${name}:\\s*(\\d+) kB`, 'm').exec(text)![1]);
  return { file: bytes('RssFile'), own: bytes('RssAnon') };
}
