import { TOKEN_NUMBERS, type MeasuredSample } from '../../src-main/contract/inspection.ts';
import { decodeSchema, recipeSchema } from '../../src-main/contract/recipe.ts';
import { insertEvaluation } from '../../src-main/store/evaluations.ts';
import { insertSamples } from '../../src-main/store/inspected-samples.ts';
import { createInspection } from '../../src-main/store/inspections.ts';
import { insertRollouts } from '../../src-main/store/rollouts.ts';
import { createRun, setTags } from '../../src-main/store/runs.ts';
import type { Database } from '../../src-main/store/sqlite.ts';
import { insertSteps } from '../../src-main/store/steps.ts';
import { evaluation, rollout, stepMetrics } from '../store/fixtures.ts';

/** What a model or a data set may hold to break out of a page. */
const HOSTILE = '</style></title></script><script>alert(1)</script><img src="http://evil.example/x.png" onerror=alert(1)>"\'&amp;\u0000\ud800';

/** A run with all there is to report, every text of which is hostile. */
export async function seedHostileRun(database: Database, steps = 500): Promise<void> {
  const recipe = recipeSchema.parse({
    name: HOSTILE, teacher: { model: `/secret/folder/teacher${HOSTILE.replaceAll('/', '')}` }, student: { model: '/secret/folder/student' },
    data: { train: '/secret/folder/train.jsonl', validation: '/secret/folder/dev.jsonl', prompt: HOSTILE, completion: HOSTILE }, method: { preset: 'gkd', lambda: 0.5, divergence: 'jsd', beta: 0.1 }, train: { steps },
  });
  await createRun(database, { id: 'h', name: HOSTILE, recipe, runDir: '/secret/folder/runs/h' }, 1000);
  await setTags(database, 'h', [HOSTILE]);
  await insertSteps(database, 'h', Array.from({ length: steps }, (_, at) => stepMetrics(at + 1, { loss: at === 250 ? 77.25 : 1 / (at + 1), reward: null })));
  for (const step of [0, steps]) {
    await insertEvaluation(database, 'h', evaluation(step, {
      metrics: { [HOSTILE]: { value: 0.25, low: 0.125, high: 0.375 }, accuracy: { value: step === 0 ? 0.25 : 0.5, low: 0.4, high: 0.6 } },
      samples: Array.from({ length: 8 }, () => ({ prompt: HOSTILE, prediction: HOSTILE, reference: HOSTILE, teacher: HOSTILE })),
    }));
  }
  await insertRollouts(database, 'h', [rollout(3, { prompt: HOSTILE, completion: HOSTILE }), rollout(4, { divergence: [0.1, Number.NaN, 0.2] })]);
}

/** An inspection of that run: a wrong number and an early end, the second the worse. */
export async function seedInspection(database: Database): Promise<void> {
  await createInspection(database, {
    id: 'i', created: 1, title: 'a', run: 'h', step: 500, teacher: '/secret/folder/t', student: '/secret/folder/s',
    settings: { source: { kind: 'validation' }, examples: 10, beta: 0.5, maxNewTokens: 8, decode: decodeSchema.parse({}), seed: 0 },
  });
  const sample = (example: number, forks: MeasuredSample['forks']): MeasuredSample => ({
    example, step: null, prompt: HOSTILE, turns: null, completion: HOSTILE, reference: HOSTILE, ended: false,
    promptTokens: Int32Array.of(5), tokens: Int32Array.of(1, 2, 3), texts: [HOSTILE, 'two words\n', '4'],
    numbers: new Float32Array(TOKEN_NUMBERS.length * 3).fill(0.7), roles: ['choice', 'agreed', 'fork'], forks,
  });
  await database.transaction((queries) => insertSamples(queries, 'i', [
    sample(0, [{ position: 2, kind: 'number', gap: 3.5, text: '4', wanted: '5', continuation: `5 ${HOSTILE}` }]),
    sample(1, [{ position: 2, kind: 'early-end', gap: Infinity, text: '', wanted: HOSTILE, continuation: null }]),
    sample(2, []),
  ]));
}
