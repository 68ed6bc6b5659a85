import { batchIndices } from '../../../data/order.ts';
import { drawOnPolicy } from '../../../distill/mixture.ts';
import type { Keeper } from '../../../teacher/keeper.ts';
import { givenText, type EncodedExample } from '../../../text/encoded-example.ts';
import { firstExamples, type ExampleSet } from '../../../text/example-set.ts';
import type { PreparedRun } from '../look/prepare.ts';

/** Examples read at once. */
const AT_ONCE = 256;

/** Computes and keeps what the teacher thinks of every fixed text that a run will show it: those it learns from, and those held out. */
export async function keepStates(
  run: PreparedRun, teacher: Keeper, train: ExampleSet, onProgress: (done: number, total: number) => void, signal?: AbortSignal,
): Promise<void> {
  if (run.method.divergence === 'cross_entropy') return;
  const visited = visitedExamples(run, train.count);
  const heldOut = await firstExamples(run.validation, run.recipe.evaluate.examples);
  const total = visited.length + heldOut.length;
  let done = 0;
  const keep = async (examples: readonly EncodedExample[]): Promise<void> => {
    const texts = examples.map((example) => ({ ...givenText(example), isOnPolicy: false }));
    await teacher.keep(texts, { onDone: (count) => onProgress(done + count, total), signal });
    done += examples.length;
  };
  for (let at = 0; at < visited.length; at += AT_ONCE) await keep(await train.read(visited.slice(at, at + AT_ONCE)));
  await keep(heldOut);
}

/** Places of the examples whose own text some step learns from, in their order. */
function visitedExamples({ recipe: { seed, train, data }, method, steps }: PreparedRun, count: number): number[] {
  const visited = new Set<number>();
  const prompts = train.batchSize / method.samplesPerPrompt;
  for (let step = 1; step <= steps && visited.size < count; step++) {
    const isOwn = drawOnPolicy(method, seed, step, train.batchSize);
    batchIndices(step, prompts, count, seed, data.shuffle).forEach((index, at) => {
      const texts = isOwn.slice(at * method.samplesPerPrompt, (at + 1) * method.samplesPerPrompt);
      if (texts.includes(false)) visited.add(index);
    });
  }
  return [...visited].sort((a, b) => a - b);
}
