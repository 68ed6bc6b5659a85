import { cp, readFile, writeFile } from 'node:fs/promises';
import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { beforeAll, describe, it } from 'vitest';
import { describeBase } from '../../src-main/model/adapter/base-model.ts';
import { AdaptedModel } from '../../src-main/model/adapter/adapted-model.ts';
import { openModel } from '../../src-main/model/folder.ts';
import { temporaryFolder } from '../model/model-fixtures.ts';
import { holds } from './holds.ts';

const FIXTURES = 'test/fixtures/engine/adapters';
const temporary = temporaryFolder();

describe.each(readdirSync(FIXTURES))('a damaged file of the adapter %s', (name) => {
  let folder: string;
  beforeAll(async () => {
    folder = temporary.path(name);
    await cp(join(FIXTURES, name), folder, { recursive: true });
    const config = JSON.parse(await readFile(join(folder, 'adapter_config.json'), 'utf8')) as { base_model_name_or_path: string };
    const base = resolve(FIXTURES, name, config.base_model_name_or_path);
    await writeFile(join(folder, 'adapter_config.json'), JSON.stringify({ ...config, base_model_name_or_path: base, rank_pattern: { ...(config as { rank_pattern?: object }).rank_pattern }, use_rslora: false }));
    await writeFile(join(folder, 'retort-base.json'), JSON.stringify(await describeBase(await openModel(base))));
  });

  async function use(): Promise<void> {
    const model = await openModel(folder);
    if (model instanceof AdaptedModel) await model.read();
  }

  it.each(['adapter_config.json', 'retort-base.json'])('%s', async (file) => {
    await holds(join(folder, file), await readFile(join(folder, file), 'latin1'), use);
  });

  it('the header of its weights', async () => {
    const path = join(folder, 'adapter_model.safetensors');
    const bytes = await readFile(path);
    const length = Number(bytes.readBigUInt64LE());
    await holds(path, bytes.toString('latin1', 8, 8 + length), use, (text) => {
      const size = Buffer.alloc(8);
      size.writeBigUInt64LE(BigInt(text.length));
      return Buffer.concat([size, Buffer.from(text, 'latin1'), bytes.subarray(8 + length)]);
    });
  });
});
