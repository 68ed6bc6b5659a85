import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { RecipeInput } from '../../src-main/contract/recipe.ts';
import { HostEngine } from '../../src-main/decode/host-engine.ts';
import { Student } from '../../src-main/distill/student.ts';
import { PassingBytes } from '../../src-main/runtime/memory/passing-bytes.ts';
import { parseRecipe } from '../../src-main/service/recipe/recipe-file.ts';
import { runJob } from '../../src-main/service/run/run-job.ts';
import { randomGguf } from '../model/gguf-random.ts';
import { gguf } from '../model/gguf-writer.ts';
import { tinyProject, type TinyProject } from '../support/tiny-project.ts';

/** Whether what is packed for writing counts as small. */
const packed = vi.hoisted(() => ({ isSmall: true }));
vi.mock('../../src-main/decode/worth-keeping.ts', () => ({ isWorthKeeping: () => packed.isSmall }));

let project: TinyProject;
const at = (...parts: string[]): string => join(project.folder, ...parts);
const STEPS = 5;
let runs = 0;

beforeAll(async () => {
  project = await tinyProject();
  for (const encoding of ['Q4_K', 'Q8_0', 'Q6_K'] as const) {
    const { metadata, tensors } = randomGguf('llama', encoding);
    writeFileSync(at(`${encoding}.gguf`), gguf(metadata, tensors));
  }
  writeFileSync(at('letters.jsonl'), Array.from({ length: 12 }, (_, row) => `${JSON.stringify({ question: `ABCDE${'FGHIJ'[row % 5]}`, solution: `KLMN${'OPQ'[row % 3]}` })}\n`).join(''));
});
afterAll(() => project.remove());

const baseOf = (name: string): Partial<RecipeInput> => {
  const adapter = { rank: 2 };
  if (name === 'int8') return { student: { model: project.student, precision: name, adapter } };
  const data = { train: at('letters.jsonl'), prompt: '{{question}}', completion: '{{solution}}', maxPromptTokens: 8, maxCompletionTokens: 8 };
  return { teacher: { model: at('Q4_K.gguf') }, student: { model: at(`${name}.gguf`), adapter }, data };
};

interface Seen {
  losses: number[];
  /** Writers that were open while the student learned, at each step that this program made. */
  open: number[];
  /** Bytes that were held for them. */
  held: number[];
  digest: string;
}

/** A run of five steps, of which the student writes all texts. @param stopAt  a step behind which it is stopped and resumed */
async function run(name: string, isSmall: boolean, stopAt = Infinity): Promise<Seen> {
  packed.isSmall = isSmall;
  const folder = `${name} ${++runs}`;
  const recipe = parseRecipe({
    ...project.recipe(), ...baseOf(name), method: { preset: 'gkd', lambda: 1 },
    train: { ...project.recipe().train, steps: STEPS }, checkpoint: { every: 2, keep: 2 },
  }, 'test');
  const losses = new Map<number, number>();
  const [open, held]: [number[], number[]] = [[], []];
  const [bytes, writers] = [new Map<PassingBytes, number>(), new Set<HostEngine>()];
  const { take, release } = PassingBytes.prototype;
  const { generate, release: close } = HostEngine.prototype;
  const { learn } = Student.prototype;
  const spies = [
    vi.spyOn(PassingBytes.prototype, 'take').mockImplementation(function (this: PassingBytes, size) {
      bytes.set(this, (bytes.get(this) ?? 0) + size);
      return take.call(this, size);
    }),
    vi.spyOn(PassingBytes.prototype, 'release').mockImplementation(function (this: PassingBytes) {
      bytes.delete(this);
      release.call(this);
    }),
    vi.spyOn(HostEngine.prototype, 'generate').mockImplementation(function (this: HostEngine, ...asked) {
      writers.add(this);
      return generate.apply(this, asked);
    }),
    vi.spyOn(HostEngine.prototype, 'release').mockImplementation(function (this: HostEngine) {
      writers.delete(this);
      return close.call(this);
    }),
    vi.spyOn(Student.prototype, 'learn').mockImplementation(function (this: Student, ...lesson) {
      open.push(writers.size);
      held.push([...bytes.values()].reduce((all, size) => all + size, 0));
      return learn.apply(this, lesson);
    }),
  ];
  let step = 0;
  const once = (isResumed: boolean): Promise<unknown> => runJob({
    recipe, runDir: at(folder), runId: folder, isResumed, stopRequest: () => (!isResumed && step >= stopAt ? 'save' : null),
    emit: (event) => { if (event.event === 'step') losses.set(step = event.step, event.loss); },
  });
  try {
    await once(false);
    if (stopAt < STEPS) await once(true);
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
  expect([writers.size, bytes.size]).toEqual([0, 0]);
  const saved = readFileSync(at(folder, 'checkpoints', `step-${STEPS}`, 'model/adapter_model.safetensors'));
  return { losses: [...losses.values()], open, held, digest: createHash('sha256').update(saved).digest('hex') };
}

describe.each(['int8', 'Q8_0', 'Q6_K'])('beside %s', (name) => {
  it('a writer that is packed anew at every step, because its weights are large, changes nothing to the bit', async () => {
    const [lasting, inTurn] = [await run(name, true), await run(name, false)];
    expect(lasting.losses).toHaveLength(STEPS);
    expect(new Set(lasting.losses).size).toBe(STEPS);
    expect([inTurn.losses, inTurn.digest]).toEqual([lasting.losses, lasting.digest]);
    // While the student learns there is a writer with all it has packed, or nothing of it.
    expect(new Set(lasting.open)).toEqual(new Set([1]));
    expect(Math.min(...lasting.held)).toBeGreaterThan(1000);
    expect([new Set(inTurn.open), new Set(inTurn.held)]).toEqual([new Set([0]), new Set([0])]);
  });
});

it('a run that was begun with a writer that lasts goes on with one that does not, to the bit, and the other way round', async () => {
  const { losses, digest } = await run('int8', true);
  for (const isSmall of [true, false]) {
    const cut = await run('int8', isSmall, 3);
    expect([cut.losses, cut.digest]).toEqual([losses, digest]);
  }
});
