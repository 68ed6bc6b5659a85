import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { recipeSchema } from '../../../src-main/contract/recipe.ts';
import { trainedAdapter } from '../../../src-main/model/adapter/trained-adapter.ts';
import { openPair } from '../../../src-main/model/model-pair.ts';
import { methodOf } from '../../../src-main/service/recipe/recipe-file.ts';
import { buildTrainer } from '../../../src-main/service/run/build-trainer.ts';
import { openBase } from '../../../src-main/service/run/open-base.ts';
import { openRunTeacher } from '../../../src-main/service/run/teacher/open-run-teacher.ts';
import type { PreparedRun } from '../../../src-main/service/run/look/prepare.ts';
import { inMemory, NO_EXAMPLES } from '../../../src-main/text/example-set.ts';
import { memoryOf } from '../../../src-main/service/run/look/memory.ts';
import type { Answer } from '../peer.ts';
import type { Plan } from '../plan.ts';

/** Retort as a peer of the benchmark: the trainer of a real run, but on token ids and with no token that ends a text. */
async function prepare(plan: Plan): Promise<PreparedRun> {
  const first = plan.examples[0]!;
  const batchSize = plan.examples.length;
  const recipe = recipeSchema.parse({
    name: 'bench',
    teacher: { model: plan.teacher, precision: plan.teacherPrecision, products: plan.teacherProducts, device: plan.device ?? 'cpu' },
    student: { model: plan.student, device: plan.device ?? 'cpu', ...(plan.adapter && { adapter: plan.adapter }) },
    data: { train: 'given as ids', maxPromptTokens: first.prompt.length, maxCompletionTokens: first.completion.length, shuffle: false },
    method: { preset: plan.task === 'step' ? 'supervised-kd' : 'on-policy-kd' },
    train: { steps: 1e6, batchSize, compute: plan.compute ?? 'fp32', learningRate: plan.learningRate, schedule: 'constant', clipNorm: plan.clipNorm },
  });
  const [method, pair] = [methodOf(recipe), await openPair(plan.student, plan.teacher)];
  const adapter = trainedAdapter(pair.student.folder, recipe.student);
  const train = inMemory(plan.examples.map(({ prompt, completion }, index) => ({
    index, row: {}, inputText: '', shotTokens: 0, promptText: '', completionText: null, turns: null,
    prompt: Int32Array.from(prompt), context: Int32Array.from(prompt), promptLength: prompt.length,
    completion: Int32Array.from(completion), completionLength: completion.length, learned: null, isMoved: false,
    notes: { isMoved: false, opening: null, ignored: [], missed: null },
  })));
  const { forecast } = await memoryOf(recipe, {
    method: async () => method, student: async () => pair.student, adapter: async () => adapter, shipping: async () => null, teacher: async () => pair.teacher, sharedVocabulary: async () => pair.sharedVocabulary, alignment: async () => null,
    train: async () => train, validation: async () => NO_EXAMPLES, heldOut: async () => recipe.data,
  });
  return {
    recipe, heldOut: recipe.data, method, ...pair, train, memory: forecast,
    validation: NO_EXAMPLES, questions: null, serverKey: null, alignment: null, adapter, shipping: null, eos: new Set(), steps: 1e6, microBatchSize: plan.microBatch ?? batchSize, notices: [],
  };
}

const plan = JSON.parse(await readFile(process.argv[2]!, 'utf8')) as Plan;
const run = await prepare(plan);
const { trainer } = await buildTrainer(
  run, { base: await openBase(run), from: null },
  run.train, await openRunTeacher(run, null), { totalTokens: 0 });

let step = 0;
for await (const _ of createInterface({ input: process.stdin })) {
  step++;
  const begun = process.cpuUsage();
  const { metrics: { stepMs, rolloutMs, teacherMs, updateMs } } = await trainer.step(step);
  const { user, system } = process.cpuUsage(begun);
  const answer: Answer = {
    // The peer of `step` has the teacher's hidden states ready.
    ms: plan.task === 'step' ? stepMs - teacherMs : stepMs,
    cpuMs: ((user + system) / 1000) * (plan.task === 'step' ? 1 - teacherMs / stepMs : 1),
    peakBytes: process.resourceUsage().maxRSS * 1024,
    parts: { rollout: rolloutMs, teacher: teacherMs, update: updateMs },
  };
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
await trainer.release();
