import type { Encoder } from '../nn/decoder.ts';
import type { Prompt } from './writing.ts';

/**
 * Writes prompts in as few batches as fit, those of like length together, so that little of a batch is padding.
 *
 * @param atOnce   prompts in a batch at most
 * @param encoder  of the model; the rows of its decoder stand at the same position
 * @param write    is given the prompts of a batch, and where each stands among all
 * @param onDone   is told how many prompts are done
 * @returns what was written for each prompt, in their order
 */
export async function inBatches<T>(
  prompts: readonly Prompt[], { atOnce, encoder }: { atOnce: number; encoder: Encoder | null },
  write: (part: readonly Prompt[], places: readonly number[]) => Promise<T[]>, onDone?: (count: number) => void,
): Promise<T[]> {
  const most = Math.max(1, Math.floor(atOnce));
  /** Tokens that the decoder begins with. */
  const opening = ({ tokens, begun }: Prompt): number => (encoder ? 0 : tokens.length) + (begun?.length ?? 0);
  const order = prompts.map((prompt, at) => ({ prompt, at })).sort((a, b) => opening(a.prompt) - opening(b.prompt) || a.prompt.tokens.length - b.prompt.tokens.length);
  const all: T[] = [];
  let start = 0;
  while (start < order.length) {
    let end = Math.min(start + most, order.length);
    while (encoder && opening(order[end - 1]!.prompt) > opening(order[start]!.prompt)) end--;
    const part = order.slice(start, end);
    const written = await write(part.map(({ prompt }) => prompt), part.map(({ at }) => at));
    part.forEach(({ at }, row) => { all[at] = written[row]!; });
    onDone?.(end);
    start = end;
  }
  return all;
}
