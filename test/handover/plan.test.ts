import { expect, it } from 'vitest';
import { resolveMethod } from '../../src-main/contract/presets.ts';
import { recipeSchema, type RecipeInput } from '../../src-main/contract/recipe.ts';
import { differencesOf, planHandover, type HandedModels, type Plan } from '../../src-main/handover/plan.ts';
import { stagesOf } from '../../src-main/contract/stages.ts';

const DECODERS: HandedModels = { isEncoderDecoder: false, studentRows: 100, teacherRows: 100 };

function plan(changes: Partial<RecipeInput>, models: Partial<HandedModels> = {}): Plan {
  const recipe = recipeSchema.parse({
    name: 'plan', teacher: { model: '/models/teacher' }, student: { model: '/models/student' },
    data: { train: '/data/train.jsonl', prompt: '{{q}}', completion: ' {{a}}' }, train: { steps: 10 }, ...changes,
  });
  return planHandover(recipe, resolveMethod(recipe.method).method, { ...DECODERS, ...models });
}

it('says every divergence that TRL has in its words', () => {
  expect(plan({ method: { preset: 'gkd', divergence: 'forward_kl' } }).method).toMatchObject({ trainer: 'gkd', beta: 0, scale: 1 });
  expect(plan({ method: { preset: 'gkd', divergence: 'reverse_kl' } }).method).toMatchObject({ trainer: 'gkd', beta: 1, scale: 1 });
  expect(plan({ method: { preset: 'gkd', divergence: 'jsd', beta: 0.1, normalizeBeta: true } }).method).toMatchObject({ beta: 0.1, scale: 1 / (0.1 * 0.9) });
  expect(plan({ method: { preset: 'sft' } }).method.trainer).toBe('sft');
  expect(plan({ method: { preset: 'seqkd' } }).differences).toContain('The teacher writes its completions there first, by vLLM: teacher_writes.py.');
});

it.each([
  [{ method: { preset: 'distillspec' } }, {}, 'total variation'],
  [{ method: { preset: 'minillm' } }, {}, 'MiniLLM'],
  [{ method: { preset: 'rl-gkd', reward: { kind: 'exact' } } }, {}, 'rewards beside a divergence'],
  [{ student: { model: '/models/student.gguf' } }, {}, 'a GGUF file as student.model'],
  [{ teacher: { model: '/models/Teacher.GGUF' } }, {}, 'a GGUF file as teacher.model'],
  [{ train: { steps: 10, optimizer: 'adafactor', scaleParameter: true } }, {}, 'train.scaleParameter'],
  [{ teacher: { server: { url: 'http://127.0.0.1:8000' } } }, {}, 'a teacher behind a server'],
  [{ student: { model: '/models/student', ship: 'q4_0' } }, {}, 'student.ship "q4_0"'],
  [{}, { isEncoderDecoder: true }, 'encoder-decoders'],
  [{}, { teacherRows: 128 }, 'vocab_size is 100 in the student and 128 in the teacher'],
] as [Partial<RecipeInput>, Partial<HandedModels>, string][])('refuses %j beside %j', (changes, models, said) => {
  expect(() => plan(changes, models)).toThrow(said);
});

it('names everything that stands in the way at once', () => {
  expect(() => plan({ method: { preset: 'distillspec' }, student: { model: 'a.gguf' } })).toThrow(/total variation.*; a GGUF file as student\.model/);
});

it('tells what is different there, and nothing that is not', () => {
  const { differences } = plan({ method: { preset: 'gkd', lambda: 0.5, mixing: 'example', reduction: 'token' }, evaluate: { best: 'loss', calculator: true, metrics: ['acceptance'] } });
  for (const field of ['method.mixing', 'method.reduction', 'evaluate.best', 'evaluate.calculator', 'acceptance']) expect(differences.join(' ')).toContain(field);
  const plain = plan({ method: { preset: 'gkd', lambda: 0.5 } }).differences.join(' ');
  for (const field of ['method.mixing', 'method.reduction', 'evaluate.', 'train.phases', 'teacher.cache']) expect(plain).not.toContain(field);
});

it('says of stages once what differs in all of them, and else where', () => {
  const recipe = recipeSchema.parse({
    name: 'plan', teacher: { model: '/models/teacher' }, student: { model: '/models/student' }, data: { train: '/data/train.jsonl', prompt: '{{q}}', completion: ' {{a}}' },
    stages: [{ name: 'write', method: { preset: 'sft' }, train: { steps: 2 } }, { name: 'distil', method: { preset: 'gkd', lambda: 0.5, mixing: 'example' }, train: { steps: 3, compute: 'tf32' } }],
  });
  const all = differencesOf(stagesOf(recipe).map((stage) => {
    const { method } = resolveMethod(stage.recipe.method);
    return { ...stage, method, plan: planHandover(stage.recipe, method, DECODERS) };
  }));
  expect(all[0]).toBe('A run that was interrupted goes on from its last checkpoint, but not to the bit: the student\'s random numbers are PyTorch\'s.');
  expect(all).toContain('Stage "distil": Who writes is drawn for a whole batch at each step, not for each example (method.mixing).');
  expect(all).toContain('Stage "distil": On a card products are computed in bf16, not tf32 (train.compute); --fp32 turns that off.');
  expect(all).toContain('Stage "write": On a card products are computed in bf16; --fp32 turns that off.');
  expect(new Set(all).size).toBe(all.length);
});
