import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { layOut } from '../../src-main/distill/batch.ts';
import { FrozenModel } from '../../src-main/distill/frozen-model.ts';
import { openModel } from '../../src-main/model/folder.ts';
import { importGguf } from '../../src-main/model/gguf/import-gguf.ts';
import { initModel } from '../../src-main/model/init.ts';
import { makeStudent } from '../../src-main/model/make-student.ts';
import { buildDecoder } from '../../src-main/nn/build.ts';
import { ortExecutor } from '../../src-main/runtime/ort/executor.ts';
import { logitsAt } from '../support/logits.ts';
import { loadFixture } from '../support/model-fixture.ts';
import { python, requires } from '../support/requires.ts';
import { TEACHERS } from '../support/teachers.ts';
import { temporaryFolder } from './model-fixtures.ts';

const FIXTURES = 'test/fixtures/engine/families';
const NAMES = readdirSync(FIXTURES).filter((name) => !TEACHERS.includes(name));
const IDS = [5, 17, 40, 8, 23, 51, 9, 33, 12, 44];
const executor = ortExecutor('cpu', 1);
const temporary = temporaryFolder();

const begun = (name: string): string => temporary.path(`${name} begun`);

requires('python', 'transformers')('a folder written here', () => {
  let expected: number[][][] = [];

  beforeAll(async () => {
    await importGguf('test/fixtures/model-gguf/families/granite.gguf', temporary.path('tokenizer'), { precision: 'fp32' });
    for (const name of NAMES) {
      await initModel({ config: join(FIXTURES, name), tokenizer: temporary.path('tokenizer'), to: begun(name), seed: 5 });
      const teacher = await openModel(join(FIXTURES, name));
      // Without the second layer the others stand in new places.
      await makeStudent(teacher, Array.from({ length: teacher.config.layers }, (_, layer) => layer).filter((layer) => layer !== 1), temporary.path(name));
    }
    const { stdout, stderr } = spawnSync(python()!, ['test/model/transformers_logits.py'], {
      encoding: 'utf8', input: JSON.stringify({ folders: [...NAMES.map((name) => temporary.path(name)), ...NAMES.map(begun)], ids: IDS }), maxBuffer: 2 ** 28,
    });
    if (stdout === '') throw new Error(stderr);
    expected = JSON.parse(stdout) as number[][][];
  });

  it.each(NAMES)('%s, a student of some of its layers, is in Transformers what it is here', (name) => isSame(temporary.path(name), expected[NAMES.indexOf(name)]!));
  it.each(NAMES)('%s, with first weights, is in Transformers what it is here', (name) => isSame(begun(name), expected[NAMES.length + NAMES.indexOf(name)]!));

  async function isSame(folder: string, logits: number[][]): Promise<void> {
    const { config, weights } = await loadFixture(folder);
    const model = new FrozenModel(executor, buildDecoder(config), weights);
    const [batch] = layOut([{ index: 0, prompt: Int32Array.from(IDS.slice(0, 1)), completion: Int32Array.from(IDS.slice(1)), isOnPolicy: false }], 1, 'token', null);
    const found = await logitsAt(model, batch!);
    const wanted = logits.slice(0, -1).flat();
    expect(Math.max(...wanted.map((value, at) => Math.abs(value - found[at]!)))).toBeLessThan(1e-4);
    await model.release();
  }
});
