import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { TextPlan } from '../../src-main/decode/text-writer.ts';
import { layOut } from '../../src-main/distill/batch.ts';
import { FrozenModel } from '../../src-main/distill/frozen-model.ts';
import { buildDecoder, listParameters } from '../../src-main/nn/build.ts';
import type { Executor } from '../../src-main/runtime/program.ts';
import { ortExecutor } from '../../src-main/runtime/ort/executor.ts';
import { expectClose } from '../support/close.ts';
import { onEveryDevice } from '../support/devices.ts';
import { loadFixture } from '../support/model-fixture.ts';
import { tinyStudent } from '../support/tiny-student.ts';

const ENGINE = 'test/fixtures/engine';
/** Of each family a folder for every kind of block; what differs only in its config file is left to the tests on the CPU. */
const ALIKE = /wrapped|sharded|float16|rope-|flan-start|training|uncapped|pattern|share|serial|nope|-bias|yarn|short|mt5$|partial|parallel/;
/** They are teachers alone, and their loops (over experts, over what is remembered) are the CPU's. */
const TEACHERS = /moe|gpt-oss|qwen3-5/;
const MODELS = ['families', 't5', 'models'].flatMap((kind) => readdirSync(join(ENGINE, kind)).filter((name) => !ALIKE.test(name) && !TEACHERS.test(name)).map((name) => join(kind, name)));
const cpu = ortExecutor('cpu', 1);

onEveryDevice((device) => {

  it.each(MODELS)('%s learns what it learns on the CPU, and writes its text', async (name) => {
    const { config, weights } = await loadFixture(join(ENGINE, name));
    const decoder = buildDecoder(config);
    const examples = [[3, 9, 7, 11, 2, 14, 8, 5, 6], [9, 1, 4, 4, 12]].map((ids, index) => (
      { index, prompt: Int32Array.from(ids.slice(0, 2)), completion: Int32Array.from(ids.slice(2)), isOnPolicy: false }));
    const [batch] = layOut(examples, 2, 'token', decoder.encoder);
    const learn = async (executor: Executor) => {
      const teacher = new FrozenModel(executor, decoder, weights);
      const { student, optimizer } = tinyStudent(executor, config, weights, {
        // More chunks of positions than a kernel has room for outputs.
        method: { divergence: 'cross_entropy', beta: 0.5, normalizeBeta: false, lossTemperature: 1 }, sharedVocabulary: config.vocabSize, chunk: 2,
      });
      const { loss } = await student.learn(batch!, null);
      const { data } = await teacher.hidden(batch!);
      await Promise.all([student.release(), teacher.release()]);
      return { loss, hidden: data as Float32Array, gradients: listParameters(config).map((parameter) => [parameter.name, optimizer.gradients(parameter.name)] as const) };
    };
    const [found, wanted] = [await learn(device()), await learn(cpu)];
    expectClose([found.loss], [wanted.loss], 1e-4);
    expectClose(found.hidden, wanted.hidden, 1e-4);
    const largest = Math.max(...wanted.gradients.map(([, values]) => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0)));
    found.gradients.forEach(([parameter, values], at) => expectClose(values, wanted.gradients[at]![1], 1e-4, { name: parameter, least: 1e-3 * largest }));

    const write = async (executor: Executor): Promise<number[][]> => {
      const writer = await new TextPlan(executor, decoder, weights, { vocabulary: config.vocabSize, maxLength: 32, choice: 'greedy' }).open();
      const texts = await writer.write(examples.map(({ index: id, prompt: tokens }) => ({ id, tokens })), { maxNewTokens: 6, eos: new Set(), sampling: { strategy: 'greedy' } });
      await writer.release();
      return texts.map(({ tokens }) => [...tokens]);
    };
    expect(await write(device())).toEqual(await write(cpu));
  });
});
