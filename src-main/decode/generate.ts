import { chooser } from './choose.ts';
import type { Opening } from './decode-session.ts';
import type { Engine } from './engine.ts';
import { Guided, type Guide } from './guide.ts';
import type { Sampling, TokenSampling } from './sampling.ts';

export interface Prompt extends Opening {
  /** Names the text among all others, so that its random numbers are its own whatever batch it is in. */
  id: number;
}

export interface GenerateOptions<Way extends Sampling = Sampling> {
  maxNewTokens: number;
  /** Tokens that end a text; the one that does belongs to the completion. */
  eos: ReadonlySet<number>;
  sampling: Way;
  /** Opens a guide for each text; beam search has none. Training rollouts are the student's own, without any. */
  guide?: (() => Guide) | undefined;
  /** Called after every token with the texts that got one: for streaming. Beam search tells its texts once they are found. */
  onToken?(prompt: number, token: number): void;
  /** Stops at the next token; what is written so far is returned. */
  signal?: AbortSignal;
}

export interface Completion {
  tokens: Int32Array;
  /** Whether the text ended by itself rather than by its length. */
  ended: boolean;
}

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
