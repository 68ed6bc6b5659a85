import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeFloats, type FloatFormat } from '../../src-main/model/float-formats.ts';
import { ortExecutor } from '../../src-main/runtime/ort/executor.ts';
import { openWeights, openWholeModel, readWeights, refuseUnembedded } from '../../src-main/model/load-model.ts';
import { tinyProject, type TinyProject } from '../support/tiny-project.ts';

let project: TinyProject;
beforeAll(async () => { project = await tinyProject(); });
afterAll(() => project.remove());

async function copy(name: string): Promise<string> {
  const folder = join(project.folder, name);
  await cp(project.student, folder, { recursive: true });
  return folder;
}

describe('a LoRA adapter', () => {
  it('is refused beside a whole model, and where its own files are not whole', async () => {
    const both = await copy('both');
    await writeFile(join(both, 'adapter_config.json'), '{"peft_type": "LORA"}');
    await expect(openWholeModel(both)).rejects.toMatchObject({ kind: 'input', message: expect.stringContaining('LoRA adapter (adapter_config.json) beside a whole model') as string });
    const alone = join(project.folder, 'alone');
    await cp(join(both, 'adapter_config.json'), join(alone, 'adapter_config.json'));
    await expect(openWholeModel(alone)).rejects.toMatchObject({ kind: 'input', message: expect.stringContaining('adapter_config.json: r: ') as string });
    await writeFile(join(alone, 'adapter_config.json'), JSON.stringify({ peft_type: 'LORA', r: 2, lora_alpha: 4, base_model_name_or_path: project.student }));
    await expect(openWholeModel(alone)).rejects.toMatchObject({ kind: 'input', message: expect.stringContaining('has no adapter_model.safetensors') as string });
  });
});

describe('weights that are not finite', () => {
  /** A model of one format with a number put into its last tensor, at an element. */
  async function spoilt(format: FloatFormat, value: number): Promise<{ folder: string; tensor: string }> {
    const folder = await copy(`spoilt-${format}-${value}`);
    const path = join(folder, 'model.safetensors');
    const file = await readFile(path);
    const length = Number(file.readBigUInt64LE());
    const header = JSON.parse(file.subarray(8, 8 + length).toString('utf8')) as Record<string, { dtype: string; data_offsets: [number, number] }>;
    const names = Object.keys(header).filter((name) => name !== '__metadata__').sort((a, b) => header[a]!.data_offsets[0] - header[b]!.data_offsets[0]);
    const values = new Float32Array(file.buffer.slice(file.byteOffset + 8 + length, file.byteOffset + file.length));
    values[values.length - 2] = value;
    const bytes = encodeFloats(format, values);
    for (const name of names) {
      const entry = header[name]!;
      const ratio = bytes.length / (4 * values.length);
      header[name] = { ...entry, dtype: format, data_offsets: [entry.data_offsets[0] * ratio, entry.data_offsets[1] * ratio] };
    }
    const text = Buffer.from(JSON.stringify(header));
    const size = Buffer.alloc(8);
    size.writeBigUInt64LE(BigInt(text.length));
    await writeFile(path, Buffer.concat([size, text, bytes]));
    return { folder, tensor: names.at(-1)! };
  }

  it.each([['F32', NaN], ['F32', -Infinity], ['F16', Infinity], ['BF16', NaN]] as const)('are named by file and tensor: %s %s', async (format, value) => {
    const { folder, tensor } = await spoilt(format, value);
    const model = await openWholeModel(folder);
    const told = { kind: 'input', message: expect.stringContaining(`${join(folder, 'model.safetensors')}: the weights are not finite: ${tensor} holds ${value}`) as string };
    await expect(readWeights(model)).rejects.toMatchObject(told);
    for (const precision of ['fp32', 'fp16', 'int8'] as const) await expect(openWeights(model, ortExecutor('cpu'), { precision })).rejects.toMatchObject(told);
  });

  it('large ones are weights like others', async () => {
    const { folder } = await spoilt('F16', 65504);
    await readWeights(await openWholeModel(folder));
  });
});

describe('tokens beyond the embedding', () => {
  it('are refused as the end of texts, and in them', async () => {
    const folder = await copy('beyond');
    await writeFile(join(folder, 'generation_config.json'), JSON.stringify({ eos_token_id: [1, 17] }));
    await expect(openWholeModel(folder)).rejects.toThrow('id 17, and its embedding has 17 rows');
    const model = await openWholeModel(project.student);
    refuseUnembedded('The prompt', [0, 16], model);
    expect(() => refuseUnembedded('The prompt', [0, 17], model)).toThrow('The prompt holds "", a token (id 17)');
  });
});
