import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ChatTurn } from '../../src-main/contract/chat-turn.ts';
import type { Correction } from '../../src-main/contract/correction.ts';
import { recipeSchema, type Recipe, type RecipeInput } from '../../src-main/contract/recipe.ts';
import { toJson } from '../../src-main/contract/exact-number.ts';
import { parseExactly } from '../../src-main/data/exact-json.ts';
import { conversationOf } from '../../src-main/service/inspect/conversation-of.ts';
import { mixRows, rowOf } from '../../src-main/service/corrections/mix-rows.ts';
import { projectStudio } from '../support/memory-studio.ts';
import type { StudioClient } from '../support/studio-client.ts';
import type { TinyProject } from '../support/tiny-project.ts';

let project: TinyProject;
let client: StudioClient;
let close: () => Promise<void>;
beforeAll(async () => { ({ project, client, close } = await projectStudio()); });
afterAll(() => close());

async function train(recipe: RecipeInput): Promise<{ runId: string; model: string; weights: string }> {
  const { runId } = await client.call('runs.start', { recipe });
  await client.ended(runId);
  const run = await client.call('runs.get', { runId });
  expect(run.error).toBeNull();
  const model = join(run.checkpoint!.path, 'model');
  return { runId, model, weights: createHash('sha256').update(await readFile(join(model, 'model.safetensors'))).digest('hex') };
}

describe('a run that learns from corrections', () => {
  it('reads the corrected text, and is measured as the run it repairs', async () => {
    const based = project.recipe({ method: { preset: 'gkd', lambda: 1 }, train: { steps: 2, batchSize: 4, learningRate: 1e-2 }, evaluate: { metrics: ['accuracy'], examples: 6, best: 'divergence' } });
    const base = await train(based);
    const repaired = async (dataset: string, completion: string): Promise<{ recipe: Recipe; weights: string; mix: object; runId: string }> => {
      await client.call('corrections.keep', { dataset, prompt: '1+1=', turns: null, completion, written: '#3', teacher: project.teacher, student: base.model });
      const { recipe, mix } = await client.call('corrections.repair', { dataset });
      expect(await client.call('corrections.mix', { path: (recipe as Recipe).data.train })).toEqual(mix);
      // Few steps are enough to see what they depend on.
      const short = recipeSchema.parse({ ...recipe, train: { ...(recipe as Recipe).train, epochs: undefined, steps: 4 } });
      return { recipe: short, mix, ...await train(short) };
    };
    const right = await repaired('right', '1+1=2;#2');
    const wrong = await repaired('wrong', '#99');
    const again = await repaired('again', '1+1=2;#2');
    expect(wrong.weights).not.toBe(right.weights);
    expect(again.weights).toBe(right.weights);
    expect(right.mix).toEqual({ dataset: 'right', corrections: 1, repetitions: 40, originals: 160, originalFile: 'train.jsonl', run: 'tiny', isMeasuredAlike: true });
    expect(right.recipe).toMatchObject({
      name: 'tiny, corrected', student: { model: base.model }, teacher: { model: project.teacher }, method: { preset: 'sft' },
      train: { learningRate: 1e-3, batchSize: 4 }, evaluate: { metrics: ['accuracy'], examples: 6, best: 'accuracy' },
    });
    // What the student that is repaired scores is what its own run measured last, on the same rows.
    const [last, first] = [(await client.call('runs.evaluations', { runId: base.runId })).at(-1)!, (await client.call('runs.evaluations', { runId: right.runId }))[0]!];
    expect(first.metrics).toEqual(last.metrics);
    expect(first.loss).toBeCloseTo(last.loss!, 6);
  });

  const correction: Correction = { id: 1, dataset: 'a', created: 0, prompt: 'p', turns: null, completion: 'c', written: 'w', teacher: 't', student: 's' };
  const recipe = (data: object): Recipe => recipeSchema.parse({ ...project.recipe(), data });

  it('holds out what the run held out, and mixes only rows that it trained on', async () => {
    const { train: rows, validation } = await mixRows([correction], recipe({ train: project.train, validationShare: 0.25, prompt: 'Q: {{question}}', completion: ' {{solution}}' }));
    const text = ({ prompt }: Record<string, unknown>): string => String(prompt);
    const [heldOut, mixed] = [new Set(validation!.map(text)), new Set(rows.filter((row) => row['prompt'] !== 'p').map(text))];
    expect([heldOut.size, mixed.size]).toEqual([10, 30]);
    expect([...mixed].filter((prompt) => heldOut.has(prompt))).toEqual([]);
    expect([...mixed].every((prompt) => prompt.startsWith('Q: '))).toBe(true);
  });

  it('stands alone where the run learned from no answers, or from rows of another kind', async () => {
    const turns = [{ role: 'user', content: 'p' }];
    for (const [kept, base] of [[correction, null], [correction, recipe({ train: project.train, prompt: '{{question}}' })], [{ ...correction, turns }, recipe({ train: project.train, prompt: '{{question}}', completion: '{{solution}}' })]] as const) {
      const { train: rows, validation, originals } = await mixRows([kept], base);
      expect([rows.length, originals, validation]).toEqual([40, 0, null]);
      expect(rows[0]).toMatchObject(kept.turns ? { messages: [...turns, { role: 'assistant', content: 'c' }] } : { prompt: 'p', completion: 'c' });
    }
  });

  it('has the tools of its conversation, and numbers as the data file has them', async () => {
    const call = '{"role":"assistant","tool_calls":[{"function":{"name":"f","arguments":{"x":1.0,"2":0,"1":12345678901234567890}}}]}';
    const before = `{"role":"user","content":"p"},${call},{"role":"tool","content":"4"}`;
    const tools = '[{"type":"function","top":1.0}]';
    const row = parseExactly(`{"messages":[${before},{"role":"assistant","content":"said"}],"functions":${tools}}`) as Record<string, unknown>;
    const view = { ...project.recipe().data, prompt: undefined, completion: undefined, messages: 'messages', tools: 'functions', chat: false, system: undefined, shots: undefined };
    const { turns, source } = conversationOf({ index: 0, row, turns: (row['messages'] as ChatTurn[]).slice(0, -1) }, 'x.jsonl', view);
    // What goes from process to process is plain.
    expect(structuredClone(turns)).toEqual(JSON.parse(`[${before}]`));
    const kept = await client.call('corrections.keep', { dataset: 'tools', prompt: 'p', turns: turns!, source: source!, completion: 'c', written: 'w', teacher: 't', student: 's' });
    const [back] = await client.call('corrections.list', { dataset: 'tools', offset: 0, limit: 1 });
    expect(back).toEqual(kept);
    for (const [columns, name] of [[{ messages: 'chat', tools: 'functions' }, 'functions'], [{ messages: 'chat' }, 'tools']] as const) {
      expect(toJson(rowOf(back!, columns))).toBe(`{"chat":[${before},{"role":"assistant","content":"c"}],"${name}":${tools},"written":"w"}`);
    }
    expect(toJson(rowOf({ ...back!, source: null }, { messages: 'chat', tools: 'functions' }))).toContain('"functions":null');
    expect(conversationOf({ index: 0, row: { m: [{ role: 'user', content: 'p' }] }, turns: [{ role: 'user', content: 'p' }] }, 'x.jsonl', { ...view, messages: 'm', tools: undefined }).source).toBeNull();
  });

  it('puts the prompt of a turn into the column that becomes one', async () => {
    const turns = [{ role: 'system', content: 'Be brief.' }, { role: 'user', content: '2+2=' }];
    const { train: rows } = await mixRows([{ ...correction, prompt: '<user>2+2=', turns }], recipe({ train: project.train, prompt: '{{question}}', completion: '{{solution}}', chat: true, system: 'Be brief.' }));
    expect(rows[0]).toMatchObject({ prompt: '2+2=', completion: 'c' });
    expect(rows.at(-1)).toHaveProperty('question');
  });
});
