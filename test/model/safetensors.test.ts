import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeFloats, encodeFloats, type FloatFormat } from '../../src-main/model/float-formats.ts';
import { SafetensorsFile } from '../../src-main/model/safetensors-read.ts';
import { writeSafetensors } from '../../src-main/model/safetensors-write.ts';

const fixture = (name: string): string => join(import.meta.dirname, '../fixtures/model-formats', name);
const formats = [['F32', 'f32'], ['F16', 'f16'], ['BF16', 'bf16']] as const satisfies [FloatFormat, string][];

let folder: string;
beforeAll(async () => { folder = await mkdtemp(join(tmpdir(), 'retort-safetensors-')); });
afterAll(() => rm(folder, { recursive: true }));

async function read(path: string, name: string): Promise<Float32Array> {
  const file = await SafetensorsFile.open(path);
  const shape = file.tensors.find((tensor) => tensor.name === name)!.shape;
  const out = new Float32Array(shape.reduce((a, b) => a * b, 1));
  await file.read(name, out);
  return out;
}

describe('float formats', () => {
  it.each(formats)('writes %s as PyTorch rounds it', async (format, name) => {
    const path = join(folder, `${name}.safetensors`);
    const values = await read(fixture('f32.safetensors'), 'values');
    await writeSafetensors(path, [{ name: 'values', shape: [values.length], data: values }], format);
    expect(await read(path, 'values')).toEqual(await read(fixture(`${name}.safetensors`), 'values'));
  });

  it.each(['F16', 'BF16'] as const)('keeps every %s number', (format) => {
    const all = Uint16Array.from({ length: 0x10000 }, (_, bits) => bits);
    const floats = new Float32Array(all.length);
    decodeFloats(format, new Uint8Array(all.buffer), floats);
    const back = encodeFloats(format, floats);
    const kept = new Uint16Array(back.buffer);
    expect(all.filter((bits, at) => !Number.isNaN(floats[at]) && kept[at] !== bits)).toHaveLength(0);
    const again = new Float32Array(all.length);
    decodeFloats(format, back, again);
    expect(again).toEqual(floats);
  });

  it('rounds halfway numbers of F16 to even, and to the nearest beside them', () => {
    const halves = new Float32Array(0x7c00);
    decodeFloats('F16', new Uint8Array(Uint16Array.from(halves, (_, bits) => bits).buffer), halves);
    const middles = Float32Array.from({ length: halves.length - 1 }, (_, at) => (halves[at]! + halves[at + 1]!) / 2);
    const beside = (bits: number): Uint16Array => {
      const moved = new Uint32Array(middles.buffer).map((middle) => middle + bits);
      return new Uint16Array(encodeFloats('F16', new Float32Array(moved.buffer)).buffer);
    };
    expect(beside(-1)).toEqual(Uint16Array.from(middles, (_, at) => at));
    expect(beside(0)).toEqual(Uint16Array.from(middles, (_, at) => at + (at % 2)));
    expect(beside(1)).toEqual(Uint16Array.from(middles, (_, at) => at + 1));
  });
});

describe('safetensors', () => {
  it('lists names, shapes and formats', async () => {
    const file = await SafetensorsFile.open(fixture('bf16.safetensors'));
    expect([...file.tensors].sort((a, b) => a.name.localeCompare(b.name))).toEqual([
      { name: 'matrix', dtype: 'BF16', shape: [3, 4] }, { name: 'values', dtype: 'BF16', shape: [372] },
    ]);
  });

  it('reads into WebAssembly memory', async () => {
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 1 });
    const out = new Float32Array(memory.buffer, 64, 12);
    await (await SafetensorsFile.open(fixture('f32.safetensors'))).read('matrix', out);
    expect(out).toEqual((await read(fixture('f32.safetensors'), 'values')).subarray(0, 12));
  });

  it('copies a tensor of several pieces without holding it', async () => {
    const length = (1 << 22) * 2 + 5;
    const values = Float32Array.from({ length }, (_, at) => at % 1000);
    const [first, second] = [join(folder, 'large.safetensors'), join(folder, 'copy.safetensors')];
    await writeSafetensors(first, [{ name: 'large', shape: [length], data: values }], 'BF16');
    const pieces = (await SafetensorsFile.open(first)).pieces('large');
    await writeSafetensors(second, [{ name: 'large', shape: [length], data: pieces }], 'BF16');
    expect(Buffer.compare(await readFile(first), await readFile(second))).toBe(0);
  });

  it('refuses to turn a finite number into infinity', async () => {
    const data = Float32Array.of(1, 70000);
    await expect(writeSafetensors(join(folder, 'over.safetensors'), [{ name: 'w', shape: [2], data }], 'F16'))
      .rejects.toThrow('the weight w holds 70000, more than F16 can express (65504)');
  });

  it('never overwrites', async () => {
    const path = join(folder, 'there.safetensors');
    await writeFile(path, 'mine');
    await expect(writeSafetensors(path, [], 'F32')).rejects.toThrow('EEXIST');
    expect(await readFile(path, 'utf8')).toBe('mine');
  });

  it('names the format it cannot read', async () => {
    await expect(read(fixture('f8.safetensors'), 'matrix')).rejects.toThrow('f8.safetensors: the tensor matrix is stored as F8_E4M3');
  });
});

describe('damaged files', () => {
  const cases: [string, (whole: Buffer) => Buffer, string][] = [
    ['empty', () => Buffer.alloc(0), 'it has 0 bytes, too few for a safetensors file'],
    ['another kind', () => Buffer.from('PK\x03\x04 a zip file, in truth'), 'it does not begin like a safetensors file'],
    ['header cut', (whole) => whole.subarray(0, 40), 'it is cut off within its header (40 bytes)'],
    ['data cut', (whole) => whole.subarray(0, -1), 'it is cut off: it has'],
    ['too long', (whole) => Buffer.concat([whole, Buffer.alloc(3)]), 'it has 1707 bytes, but its header describes only 1704'],
    ['not JSON', (whole) => { whole[8] = 0x20; return whole; }, 'its header is not JSON'],
    ['wrong size', (whole) => Buffer.from(whole.toString('latin1').replace('"shape":[3,4]', '"shape":[3,5]'), 'latin1'),
      'the tensor matrix takes 48 bytes, which does not fit F32 of shape [3, 5]'],
    ['malformed', (whole) => Buffer.from(whole.toString('latin1').replace('"shape":[3,4]', '"shape":[3,-]').replace('-', '""').replace('"dtype":"F32"', '"dtype":"F3"'), 'latin1'),
      'its header is malformed at matrix.shape.1'],
  ];

  it.each(cases)('%s', async (name, damage, message) => {
    const path = join(folder, `${name}.safetensors`);
    await writeFile(path, damage(await readFile(fixture('f32.safetensors'))));
    await expect(SafetensorsFile.open(path)).rejects.toThrow(`${path} is damaged: ${message}`);
  });

  it('says that a file is missing', async () => {
    await expect(SafetensorsFile.open(join(folder, 'none.safetensors'))).rejects.toThrow('none.safetensors cannot be opened');
  });
});
