import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import type { Evaluation, RunEvent, StepMetrics } from '../../src-main/contract/events.ts';
import type { Recipe, RecipeInput } from '../../src-main/contract/recipe.ts';
import { readSafetensors } from '../support/read-safetensors.ts';
import { reachesOf } from '../../src-main/service/consent/reaches.ts';
import { parseRecipe } from '../../src-main/service/recipe/recipe-file.ts';
import type { RunOutcome } from '../../src-main/service/run/run.ts';
import { runJob } from '../../src-main/service/run/run-job.ts';
import type { StopRequest } from '../../src-main/service/run/job.ts';
import { TokenServer } from '../support/token-server.ts';
import { tinyProject, type TinyProject } from '../support/tiny-project.ts';
import type { PreparedRun } from '../../src-main/service/run/look/prepare.ts';
import { servedTexts } from '../../src-main/service/run/teacher/served-texts.ts';
import type { ServedWriter } from '../../src-main/teacher/served/served-writer.ts';
import type { EncodedExample } from '../../src-main/text/encoded-example.ts';

let project: TinyProject;
let server: TokenServer;
beforeAll(async () => {
  project = await tinyProject();
  server = await TokenServer.over(project.teacher);
});
afterAll(async () => {
  await server.close();
  await project.remove();
});
afterEach(async () => {
  server.fault = () => null;
  server.got.length = 0;
  await rm(join(project.folder, 'cache'), { recursive: true, force: true });
});

interface Told { steps: StepMetrics[]; evaluations: Evaluation[]; warnings: string[]; outcome: RunOutcome | null; weights: Map<string, Float32Array> }
interface Going { changes?: Partial<RecipeInput>; isResumed?: boolean; stop?: () => StopRequest | null; onEvent?: (event: RunEvent) => void; key?: string }
type Settings = NonNullable<NonNullable<RecipeInput['teacher']>['server']>;

const served = (settings: Partial<Settings> = {}): NonNullable<RecipeInput['teacher']> => ({ server: { url: server.url, topLogprobs: 17, timeoutSeconds: 20, ...settings } });
const recipeOf = (teacher: RecipeInput['teacher'], changes: Partial<RecipeInput> = {}): Recipe => parseRecipe({
  ...project.recipe(), train: { steps: 7, batchSize: 4, learningRate: 1e-2 }, evaluate: { examples: 2 }, checkpoint: { every: 4, keep: 2 }, ...changes, teacher,
}, 'test');

async function train(name: string, teacher: RecipeInput['teacher'], { changes = {}, isResumed = false, stop = () => null, onEvent, key }: Going = {}): Promise<Told> {
  const told: Told = { steps: [], evaluations: [], warnings: [], outcome: null, weights: new Map() };
  const recipe = recipeOf(teacher, changes);
  told.outcome = await runJob({
    recipe, runDir: join(project.folder, name), runId: name, isResumed, cache: join(project.folder, 'cache'), stopRequest: stop,
    allowed: reachesOf(recipe).map(({ digest }) => digest), ...(key !== undefined && { serverKey: key }),
    emit: (event) => {
      if (event.event === 'step') told.steps.push(event);
      if (event.event === 'evaluation') told.evaluations.push(event);
      if (event.event === 'warning') told.warnings.push(event.message);
      onEvent?.(event);
    },
  });
  if (told.outcome.checkpoint !== null) told.weights = await readSafetensors(join(told.outcome.checkpoint, 'model', 'model.safetensors'));
  return told;
}

const losses = ({ steps }: Told): number[] => steps.map(({ loss }) => loss);
function expectClose(left: Told, right: Told, within: number): void {
  expect(left.steps).toHaveLength(right.steps.length);
  losses(left).forEach((loss, at) => expect(Math.abs(loss - losses(right)[at]!)).toBeLessThan(within));
  expect(left.weights.size).toBeGreaterThan(0);
  for (const [name, values] of left.weights) values.forEach((value, at) => expect(Math.abs(value - right.weights.get(name)![at]!)).toBeLessThan(within));
}
const judged = (): number => server.got.filter(({ path, body }) => path === '/generate' || 'prompt_logprobs' in body).length;

it.each(['vllm', 'sglang'] as const)('a server of %s that tells all tokens teaches what its model does here', async (protocol) => {
  const changes: Partial<RecipeInput> = { train: { steps: 10, batchSize: 6, microBatchSize: 4, learningRate: 1e-2 }, evaluate: { every: 5 } };
  const local = await train(`local-${protocol}`, { model: project.teacher }, { changes });
  const remote = await train(`remote-${protocol}`, served({ protocol }), { changes });
  expectClose(remote, local, 1e-4);
  expect(remote.steps.every(({ teacherCovered }) => teacherCovered !== null && teacherCovered > 1 - 1e-6)).toBe(true);
  expect(local.steps.every(({ teacherCovered }) => teacherCovered === null)).toBe(true);
  remote.evaluations.forEach(({ divergence, samples }, at) => {
    expect(Math.abs(divergence! - local.evaluations[at]!.divergence!)).toBeLessThan(1e-4);
    expect(samples.map(({ teacher }) => teacher)).toEqual(local.evaluations[at]!.samples.map(({ teacher }) => teacher));
  });
});

it('asks once about fixed texts, whichever run of a study wants them, and again about nothing it has kept', async () => {
  const changes: Partial<RecipeInput> = { method: { preset: 'supervised-kd' } };
  const first = await train('first', served(), { changes });
  const asked = judged();
  expect(asked).toBeGreaterThan(0);
  const second = await train('second', served(), { changes });
  // The look before the run asks about one text, and another one tells whether it is the same model.
  expect(judged()).toBe(asked + 2);
  expect(losses(second)).toEqual(losses(first));
});

it('tells how much the likeliest tokens cover, and warns where that is little', async () => {
  const { steps, warnings } = await train('covered', served({ topLogprobs: 2 }));
  expect(steps.every(({ teacherCovered }) => teacherCovered! > 0 && teacherCovered! < 0.95)).toBe(true);
  expect(warnings.some((warning) => /2 likeliest tokens that the server tells have \d+% of the teacher's probability/.test(warning))).toBe(true);
});

it('waits for a server that was killed, says so, and goes on as if nothing had been', async () => {
  const whole = await train('whole', served());
  await rm(join(project.folder, 'cache'), { recursive: true, force: true });
  let stopped: Promise<void> | null = null;
  const { steps, weights, warnings } = await train('killed', served(), {
    onEvent: (event) => {
      if (event.event === 'step' && event.step === 3) stopped = server.stop();
      if (event.event === 'warning' && event.message.includes('The run waits')) void stopped!.then(() => server.start());
    },
  });
  expect(stopped).not.toBeNull();
  expect(steps.map(({ loss }) => loss)).toEqual(losses(whole));
  expect(weights).toEqual(whole.weights);
  expect(warnings.filter((warning) => warning.includes('cannot be reached'))).toHaveLength(1);
  expect(warnings).toContain('The teacher\'s server answers again, and the run goes on.');
});

it('is saved where it stands when it is stopped while it waits, and goes on from there to the same weights', async () => {
  const whole = await train('undisturbed', served());
  let [isStopped, isAway] = [false, false];
  const left = await train('left', served(), {
    stop: () => (isStopped ? 'save' : null),
    onEvent: (event) => {
      if (event.event === 'step' && event.step === 5) {
        isAway = true;
        server.fault = () => 'reset';
      }
      if (event.event === 'warning' && event.message.includes('The run waits')) isStopped = true;
    },
  });
  expect(isAway).toBe(true);
  expect(left.outcome).toMatchObject({ status: 'stopped', step: 5 });
  server.fault = () => null;
  const rest = await train('left', served(), { isResumed: true });
  expect([...losses(left), ...losses(rest)]).toEqual(losses(whole));
  expect(rest.weights).toEqual(whole.weights);
});

it('finds what it was told before a kill on the disk, to the bit, although the server has changed its mind', async () => {
  const whole = await train('straight', served());
  let asked = 0;
  // Ended behind its last checkpoint, at step 4: steps 5 and 6 are made once more.
  const cut = await train('cut', served(), { stop: () => (asked >= 6 ? 'discard' : null), onEvent: (event) => { if (event.event === 'step') asked = event.step; } });
  expect(cut.outcome).toMatchObject({ status: 'stopped', step: 4 });
  server.got.length = 0;
  let isSixth = false;
  const rest = await train('cut', served(), {
    isResumed: true, stop: () => (isSixth ? 'discard' : null), onEvent: (event) => { if (event.event === 'step') isSixth ||= event.step === 6; },
  });
  expect(losses(rest)).toEqual(losses(whole).slice(4, 6));
  // The look before the run, whether it is the same model, and nothing else.
  expect(judged()).toBe(2);
  const kept = await readdir(join(project.folder, 'cut', 'teacher-answers', 'own'));
  // What no checkpoint goes back to is gone.
  expect(kept).toEqual(['since-4']);
});

it('gives up no step where a fault does not pass', async () => {
  let step = 0;
  const going = train('locked', served(), {
    onEvent: (event) => {
      if (event.event === 'step') step = event.step;
      if (event.event === 'step' && event.step === 5) server.fault = () => ({ status: 401 });
    },
  });
  await expect(going).rejects.toThrow(/wants a key \(status 401\)/);
  expect(step).toBe(5);
  expect(await readdir(join(project.folder, 'locked', 'checkpoints'))).toContain('step-5');
});

it('is patient with a server that is busy, slow or cuts its answers off', async () => {
  const whole = await train('calm', served());
  await rm(join(project.folder, 'cache'), { recursive: true, force: true });
  let at = 0;
  const faults = [{ status: 429, headers: { 'retry-after': '0' } }, 'cut', { status: 503 }, 'silence', { status: 200, body: { choices: [{ index: 0, prompt_logprobs: [null] }] } }, 'reset'] as const;
  const tried = await train('tried', served({ timeoutSeconds: 3, parallel: 1 }), {
    onEvent: (event) => {
      if (event.event === 'step') server.fault = ({ body }) => ('prompt_logprobs' in body && at < faults.length ? faults[at++]! : null);
    },
  });
  expect(at).toBe(faults.length);
  expect(losses(tried)).toEqual(losses(whole));
});

it('sends its key as a bearer, and keeps it out of the run\'s folder', async () => {
  await train('keyed', served(), { key: 'secret-of-the-test', changes: { train: { steps: 1, batchSize: 2 } } });
  expect(server.got.every(({ key }) => key === 'Bearer secret-of-the-test')).toBe(true);
  for (const entry of await readdir(join(project.folder, 'keyed'), { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    expect((await readFile(join(entry.parentPath, entry.name))).includes('secret-of-the-test')).toBe(false);
  }
});

it.each<[string, Partial<Settings>, (path: string) => object | null, RegExp]>([
  ['a model it does not have', { model: 'other' }, () => null, /does not have the model "other"; it has teacher/],
  ['more tokens than it tells', {}, (path) => (path === '/v1/completions' ? { status: 400, body: { error: { message: 'Requested prompt logprobs of 17, which is greater than max allowed: 10 (parameter=prompt_logprobs, value=17)' } } } : null), /tells at most 10 of the likeliest tokens, and teacher.server.topLogprobs is 17/],
  ['another tokenizer', {}, (path) => (path === '/tokenize' ? { status: 200, body: { tokens: [9, 9] } } : null), /has another tokenizer than the student/],
  ['no prompt_logprobs', {}, (path) => (path === '/v1/completions' ? { status: 200, body: { choices: [{ index: 0, text: '' }] } } : null), /answers without prompt_logprobs/],
  ['another protocol', {}, (path) => (path === '/v1/completions' ? { status: 404, body: { detail: 'Not Found' } } : null), /has no \/v1\/completions \(status 404\)/],
  ['a key', {}, () => ({ status: 401 }), /wants a key \(status 401\)/],
  ['nothing that can be read', {}, (path) => (path === '/v1/models' ? { status: 200, body: [] } : null), /without a list of models/],
])('refuses a server with %s before the run, in one sentence', async (_, settings, fault, message) => {
  server.fault = ({ path }) => fault(path) as never;
  await expect(train('refused', served(settings))).rejects.toThrow(message);
  await expect(readdir(join(project.folder, 'refused'))).rejects.toThrow('ENOENT');
});

it.each<[string, Partial<RecipeInput>, Partial<Settings>, RegExp]>([
  ['minillm', { method: { preset: 'minillm' } }, {}, /The method "minillm" lets the teacher write along/],
  ['a temperature', { method: { preset: 'gkd', lossTemperature: 2 } }, {}, /method.lossTemperature is 2, and a server tells probabilities at temperature 1/],
  ['acceptance', { evaluate: { metrics: ['acceptance'] } }, {}, /evaluate.metrics has "acceptance"/],
  ['phases', { train: { steps: 2, phases: true } }, {}, /train.phases/],
  ['a judging method with a chat service', { method: { preset: 'gkd' } }, { protocol: 'chat' }, /asks the teacher how likely every token is/],
  ['texts longer than it reads', { data: { train: '', prompt: '{{question}}', completion: '{{solution}}', maxPromptTokens: 80, maxCompletionTokens: 16 } }, {}, /reads 95 of "teacher"/],
])('refuses %s by name', async (_, changes, settings, message) => {
  const data = changes.data && { data: { ...changes.data, train: project.train } };
  await expect(train('refused', served(settings), { changes: { ...changes, ...data } })).rejects.toThrow(message);
});

it('a chat service is not asked to answer conversations with tools, which it is not sent', async () => {
  const turns = [{ role: 'user', content: 'Hi' }];
  const row = { talk: turns, tools: '[{"type": "function", "function": {"name": "f"}}]' };
  const example = { index: 1, row, turns, inputText: 'Hi', prompt: Int32Array.of(5) } as unknown as EncodedExample;
  const recipe = recipeOf(served({ protocol: 'chat' }), { method: { preset: 'seqkd' }, data: { train: project.train, messages: 'talk' } });
  const writer = { write: () => { throw new Error('asked'); } } as unknown as ServedWriter;
  const ask = (one: EncodedExample): Promise<unknown> => servedTexts({ recipe, eos: new Set([1]) } as unknown as PreparedRun, recipe.data, writer, [one], { maxTokens: 4, temperature: 0, seed: 0 });
  await expect(ask(example)).rejects.toThrow('train.jsonl row 2 has tools, which a server of protocol "chat" is not sent.');
  await expect(ask({ ...example, row: { talk: turns } })).rejects.toThrow('asked');
});

it.each(['vllm', 'sglang', 'chat'] as const)('writes the texts of seqkd over %s, and keeps them', async (protocol) => {
  const changes: Partial<RecipeInput> = { method: { preset: 'seqkd' }, train: { steps: 3, batchSize: 4, learningRate: 1e-3 } };
  const local = protocol === 'chat' ? null : await train(`seqkd-here-${protocol}`, { model: project.teacher }, { changes });
  const remote = await train(`seqkd-${protocol}`, served({ protocol }), { changes });
  if (local) expect(losses(remote)).toEqual(losses(local));
  const asked = server.got.length;
  await train(`seqkd-again-${protocol}`, served({ protocol }), { changes });
  // One text tells whether it is the same model.
  expect(server.got.slice(asked).filter(({ path, body }) => path.startsWith('/v1/chat') || 'stop_token_ids' in body || 'sampling_params' in body && !('top_logprobs_num' in body))).toHaveLength(1);
});

it('notices another model behind the same name, asks it anew, and finds each one\'s answers again', async () => {
  const changes: Partial<RecipeInput> = { method: { preset: 'supervised-kd' }, train: { steps: 2, batchSize: 4, learningRate: 1e-3 } };
  const first = await train('model-before', served(), { changes });
  await server.become(project.student);
  try {
    const other = await train('model-after', served(), { changes });
    expect(other.warnings).toEqual(expect.arrayContaining([expect.stringMatching(/answers as another model than it did under the name "teacher" before\. .* asked anew/)]));
    expect(losses(other)).not.toEqual(losses(first));
    const own = await train('model-own', { model: project.student }, { changes });
    losses(other).forEach((loss, at) => expect(Math.abs(loss - losses(own)[at]!)).toBeLessThan(1e-4));
    // A run that began with the one does not go on with the other unawares.
    await expect(train('model-before', served(), { changes: { ...changes, train: { steps: 3, batchSize: 4, learningRate: 1e-3 } }, isResumed: true })).rejects.toThrow(/another model than it did under the name "teacher" when this run began/);
  } finally {
    await server.become(project.teacher);
  }
  server.got.length = 0;
  const again = await train('model-again', served(), { changes });
  expect([losses(again), judged()]).toEqual([losses(first), 2]);
  expect(again.warnings.filter((warning) => warning.includes('another model'))).toEqual([]);
});

it('says so where a service that only writes writes something else than before', async () => {
  const changes: Partial<RecipeInput> = { method: { preset: 'seqkd' }, train: { steps: 1, batchSize: 4, learningRate: 1e-3 } };
  const asChat = served({ protocol: 'chat' });
  await train('chat-before', asChat, { changes });
  server.fault = ({ body }) => (JSON.stringify(body).includes('Count from 1 to 20.') ? { status: 200, body: { choices: [{ message: { role: 'assistant', content: 'No.' }, finish_reason: 'stop' }] } } : null);
  const { warnings } = await train('chat-after', asChat, { changes });
  expect(warnings).toEqual(expect.arrayContaining([expect.stringMatching(/writes something else to the same question under the name "teacher" than it did before, .* delete \//)]));
});
