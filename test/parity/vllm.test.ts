import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exercise } from '../../resources/sample/task.ts';
import { tokenizerFiles } from '../../resources/sample/tokenizer.ts';
import type { StepMetrics } from '../../src-main/contract/events.ts';
import type { RecipeInput } from '../../src-main/contract/recipe.ts';
import { initModel } from '../../src-main/model/init.ts';
import { reachesOf } from '../../src-main/service/consent/reaches.ts';
import { parseRecipe } from '../../src-main/service/recipe/recipe-file.ts';
import { runJob } from '../../src-main/service/run/run-job.ts';
import { readSafetensors } from '../support/read-safetensors.ts';

/**
 * Against a real vLLM: `RETORT_VLLM=http://127.0.0.1:8123 RETORT_VLLM_MODEL=FOLDER`, the folder being that of the model that it
 * serves, a llama with the sample's tokenizer and heads of 64 (test/parity/vllm-model.ts makes one).
 */
const [url, folder] = [process.env['RETORT_VLLM'], process.env['RETORT_VLLM_MODEL']];

describe.skipIf(!url || !folder)('a real vLLM (RETORT_VLLM)', () => {
  let place: string;
  beforeAll(async () => {
    place = await mkdtemp(join(tmpdir(), 'retort-vllm-'));
    await mkdir(join(place, 'tokenizer'));
    for (const [name, content] of Object.entries(tokenizerFiles())) await writeFile(join(place, 'tokenizer', name), JSON.stringify(content));
    await writeFile(join(place, 'config.json'), JSON.stringify({
      architectures: ['LlamaForCausalLM'], model_type: 'llama', vocab_size: 17, hidden_size: 16, intermediate_size: 32, num_hidden_layers: 2, num_attention_heads: 4,
      num_key_value_heads: 2, max_position_embeddings: 96, rms_norm_eps: 1e-5, rope_theta: 10000, tie_word_embeddings: true, hidden_act: 'silu', bos_token_id: 0, eos_token_id: 1, initializer_range: 0.2,
    }));
    await initModel({ config: join(place, 'config.json'), tokenizer: join(place, 'tokenizer'), to: join(place, 'student'), seed: 2 });
    await writeFile(join(place, 'train.jsonl'), Array.from({ length: 40 }, (_, at) => `${JSON.stringify(exercise(1, at))}\n`).join(''));
  });
  afterAll(() => rm(place, { recursive: true, force: true }));

  async function train(name: string, teacher: RecipeInput['teacher'], method: RecipeInput['method']): Promise<{ steps: StepMetrics[]; weights: Map<string, Float32Array> }> {
    const recipe = parseRecipe({
      name, seed: 7, teacher, student: { model: join(place, 'student') }, method,
      data: { train: join(place, 'train.jsonl'), prompt: '{{question}}', completion: '{{solution}}', maxPromptTokens: 24, maxCompletionTokens: 16 },
      train: { steps: 10, batchSize: 6, learningRate: 1e-2 },
    }, 'test');
    const steps: StepMetrics[] = [];
    const { checkpoint } = await runJob({
      recipe, runDir: join(place, name), runId: name, isResumed: false, cache: join(place, 'cache'), stopRequest: () => null, allowed: reachesOf(recipe).map(({ digest }) => digest),
      emit: (event) => { if (event.event === 'step') steps.push(event); },
    });
    return { steps, weights: await readSafetensors(join(checkpoint!, 'model', 'model.safetensors')) };
  }

  it.each(['forward_kl', 'reverse_kl', 'jsd', 'tvd'] as const)('that tells all tokens teaches by %s what its model does here, within 1e-4 over ten steps', async (divergence) => {
    const method = { preset: 'gkd', lambda: 0.5, mixing: 'example', divergence, beta: 0.1 } as const;
    const local = await train(`local-${divergence}`, { model: folder! }, method);
    const remote = await train(`served-${divergence}`, { server: { url: url!, topLogprobs: 17 } }, method);
    const differences = remote.steps.map(({ loss }, at) => Math.abs(loss - local.steps[at]!.loss));
    const most = Math.max(...[...remote.weights].flatMap(([name, values]) => [...values].map((value, at) => Math.abs(value - local.weights.get(name)![at]!))));
    process.stdout.write(`${divergence}: losses within ${Math.max(...differences).toExponential(1)}, weights within ${most.toExponential(1)}\n`);
    expect(Math.max(...differences)).toBeLessThan(1e-4);
    // The sign of a difference that is all rounding is nobody's: total variation takes it whole.
    expect(most).toBeLessThan(divergence === 'tvd' ? 1e-2 : 1e-4);
  });

  it('that tells four tokens is never further than the exact divergence', async () => {
    const method = { preset: 'supervised-kd' } as const;
    const local = await train('whole', { model: folder! }, method);
    const remote = await train('few', { server: { url: url!, topLogprobs: 4 } }, method);
    const [exact, told] = [local.steps[0]!, remote.steps[0]!];
    process.stdout.write(`four tokens cover ${told.teacherCovered!.toFixed(3)}: ${told.loss.toFixed(4)} of ${exact.loss.toFixed(4)} nats\n`);
    expect(told.loss).toBeLessThan(exact.loss + 1e-5);
    expect(told.teacherCovered!).toBeGreaterThan(0.5);
  });

  it('writes the texts of seqkd as its model does here', async () => {
    const method = { preset: 'seqkd' } as const;
    const [local, remote] = [await train('texts-here', { model: folder! }, method), await train('texts-served', { server: { url: url! } }, method)];
    remote.steps.forEach(({ loss }, at) => expect(Math.abs(loss - local.steps[at]!.loss)).toBeLessThan(1e-4));
  });

  it.each<[string, object, RegExp]>([
    ['a model it does not have', { model: 'other' }, /does not have the model "other"/],
  ])('is refused with %s', async (_, settings, message) => {
    await expect(train('refused', { server: { url: url!, ...settings } }, { preset: 'gkd' })).rejects.toThrow(message);
  });
});
