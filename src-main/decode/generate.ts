import { chooser } from './choose.ts';
import type { Engine } from './engine.ts';
import { Guided } from './guide.ts';
import type { TokenSampling } from './sampling.ts';
import type { Completion, GenerateOptions, Prompt } from './writing.ts';

/**
 * Continues every prompt, all of them together as one batch. Texts that end leave the batch.
 *
 * @param engine   gives what the sampling's choice needs
 * @param prompts  at least one token each
 */
export async function generate(engine: Pick<Engine, 'grow'>, prompts: readonly Prompt[], options: GenerateOptions<TokenSampling>): Promise<Completion[]> {
  const written = prompts.map(() => [] as number[]);
  const ended = prompts.map(() => false);
  if (prompts.length === 0 || options.maxNewTokens === 0) return finish();

  const session = await engine.grow(prompts, { rows: prompts.length, newTokens: options.maxNewTokens });
  const choose = chooser(options.sampling);
  const guided = options.guide && new Guided(prompts.length, options.guide);
  /** Which prompt each row of the batch continues. */
  let active = prompts.map((_, at) => at);
  try {
    for (let step = 0; ; step++) {
      const rows = active.map((at, row) => ({ prompt: prompts[at]!.id, tokens: session.rows[row]! }));
      const next = choose.tokens(await session.run(choose.inputs(rows, step)), rows, step);
      active.forEach((at, row) => {
        const token = guided ? guided.next(at, next[row]!) : next[row]!;
        written[at]!.push(token);
        ended[at] = options.eos.has(token);
        options.onToken?.(at, token);
      });
      const going = active.flatMap((at, row) => (ended[at] ? [] : [row]));
      if (going.length === 0 || step + 1 >= options.maxNewTokens || options.signal?.aborted) return finish();
      await session.take(going);
      active = going.map((row) => active[row]!);
      session.feed(active.map((at) => written[at]![step]!));
    }
  } finally {
    session.release();
  }

  function finish(): Completion[] {
    return prompts.map((_, at) => ({ tokens: Int32Array.from(written[at]!), ended: ended[at]! }));
  }
}
