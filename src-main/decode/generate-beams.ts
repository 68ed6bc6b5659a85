import { BeamSearch, type Hypothesis } from './beam-search.ts';
import { rowsOf } from './choose.ts';
import type { Engine } from './engine.ts';
import type { GenerateOptions, Prompt } from './generate.ts';
import type { BeamSampling } from './sampling.ts';

/**
 * The best continuations of every prompt by beam search, best first; all prompts in one batch, which those that are
 * done leave.
 *
 * @param engine   gives logits
 * @param prompts  at least one token each
 */
export async function generateBeams(engine: Pick<Engine, 'grow'>, prompts: readonly Prompt[], options: GenerateOptions<BeamSampling>): Promise<Hypothesis[][]> {
  const { sampling, maxNewTokens, eos, signal } = options;
  const { processors = [] } = sampling;
  const searches = prompts.map(() => new BeamSearch(sampling, maxNewTokens, eos));
  if (prompts.length === 0 || maxNewTokens === 0) return searches.map((search) => search.results());
  const session = await engine.grow(prompts, { rows: prompts.length * sampling.beams, newTokens: maxNewTokens });
  /** For each search that goes on, the rows of its beams. */
  let active = searches.map((search, row) => ({ search, rows: [row] }));
  try {
    for (;;) {
      const { logits } = await session.run();
      const logprobs = rowsOf(logits!).map((row, at) => {
        toLogprobs(row);
        for (const process of processors) process(row, session.rows[at]!);
        return row;
      });
      const taken: number[] = [];
      const tokens: number[] = [];
      active = active.flatMap(({ search, rows }) => {
        const advance = search.advance(rows.map((row) => logprobs[row]!));
        if (advance === null) return [];
        const first = taken.length;
        taken.push(...advance.from.map((beam) => rows[beam]!));
        tokens.push(...advance.tokens);
        return [{ search, rows: advance.from.map((_, at) => first + at) }];
      });
      if (active.length === 0 || signal?.aborted) return searches.map((search) => search.results());
      await session.take(taken);
      session.feed(tokens);
    }
  } finally {
    session.release();
  }
}

function toLogprobs(logits: Float32Array): void {
  let top = -Infinity;
  for (const logit of logits) if (logit > top) top = logit;
  let total = 0;
  for (const logit of logits) total += Math.exp(logit - top);
  const log = top + Math.log(total);
  for (let id = 0; id < logits.length; id++) logits[id] = logits[id]! - log;
}
