import { BeamSearch, type Hypothesis, type NextLogprobs } from './beam-search.ts';
import { rowsOf } from './choose.ts';
import type { Engine, GrowingTexts } from './engine.ts';
import type { GenerateOptions, Prompt } from './writing.ts';
import type { BeamSampling } from './sampling.ts';

/** A batch of texts for beam search: how likely every row's next token is, beside how they grow. */
export interface BeamTexts extends Pick<GrowingTexts, 'take' | 'feed' | 'release'> {
  likely(): Promise<readonly NextLogprobs[]>;
}

/**
 * The best continuations of every prompt by beam search, best first; all prompts in one batch, which those that are
 * done leave.
 *
 * @param engine   gives logits
 * @param prompts  at least one token each
 */
export function generateBeams(engine: Pick<Engine, 'grow'>, prompts: readonly Prompt[], options: GenerateOptions<BeamSampling>): Promise<Hypothesis[][]> {
  const { sampling: { beams, processors = [] }, maxNewTokens } = options;
  return searchBeams(async () => {
    const texts = await engine.grow(prompts, { rows: prompts.length * beams, newTokens: maxNewTokens });
    return {
      take: (rows) => texts.take(rows), feed: (tokens) => { texts.feed(tokens); }, release: () => { texts.release(); },
      likely: async () => rowsOf((await texts.run())['logits']!).map((row, at) => {
        toLogprobs(row);
        for (const process of processors) process(row, texts.rows[at]!);
        return row;
      }),
    };
  }, prompts.length, options);
}

/** @param open  the texts, a row for each prompt: of each row the `width` likeliest tokens are enough */
export async function searchBeams(open: (width: number) => Promise<BeamTexts>, prompts: number, options: GenerateOptions<BeamSampling>): Promise<Hypothesis[][]> {
  const { sampling, maxNewTokens, eos, signal } = options;
  const searches = Array.from({ length: prompts }, () => new BeamSearch(sampling, maxNewTokens, eos));
  const results = (): Hypothesis[][] => searches.map((search) => search.results());
  if (prompts === 0 || maxNewTokens === 0) return results();
  const texts = await open(searches[0]!.width);
  /** For each search that goes on, the rows of its beams. */
  let active = searches.map((search, row) => ({ search, rows: [row] }));
  try {
    for (;;) {
      const logprobs = await texts.likely();
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
      if (active.length === 0 || signal?.aborted) return results();
      await texts.take(taken);
      texts.feed(tokens);
    }
  } finally {
    texts.release();
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
