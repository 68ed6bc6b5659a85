import { PRECISION_FACTS, type ExportedPrecision, type ExportPrecision, type ExportSample } from '../../contract/export-report.ts';
import { Problem } from '../../contract/problem.ts';
import { writeGreedily } from '../../export/greedy.ts';
import { openExported } from '../../export/opened.ts';
import { measureParity, type ParityText } from '../../export/parity.ts';
import type { TrainedModel } from './trained.ts';

/** Prompts whose whole texts are shown, and tokens of those. */
const SAMPLES = 3;
const SAMPLE_TOKENS = 48;

/** What every precision is measured on. */
export interface Measure { trained: TrainedModel; texts: readonly ParityText[]; prompts: readonly Int32Array[]; samples: ExportSample[] }

/** Takes the first prompts and what the trained model writes to them, greedily. */
export async function beginMeasure(trained: TrainedModel, texts: readonly ParityText[], signal: AbortSignal): Promise<Measure> {
  const { decoder, tokenizer } = trained.model;
  // Room for new tokens must be left in the context.
  const room = decoder.contextLength === null ? Infinity : Math.max(1, decoder.contextLength - SAMPLE_TOKENS);
  const prompts = texts.slice(0, SAMPLES).map(({ prompt }) => prompt.subarray(Math.max(0, prompt.length - room)));
  const written = await trained.write(prompts.map((tokens, id) => ({ id, tokens })), newTokens(trained, prompts), { strategy: 'greedy' }, signal);
  const text = (tokens: Int32Array): string => tokenizer.decode([...tokens], { skipSpecial: true });
  return { trained, texts, prompts, samples: prompts.map((prompt, at) => ({ prompt: text(prompt), trained: text(written[at]!.tokens), exported: {} })) };
}

/** Opens what was written as any program would, and says how near it is. Adds its texts to the samples. */
export async function measurePrecision(
  { trained, texts, prompts, samples }: Measure, precision: ExportPrecision, paths: readonly string[], signal: AbortSignal,
): Promise<Omit<ExportedPrecision, 'files' | 'bytes'> & { trainedPerplexity: number }> {
  const { decoder, tokenizer } = trained.model;
  const opened = await openExported(paths, decoder);
  try {
    const parity = await measureParity(opened, decoder.vocabSize, texts, (text) => {
      signal.throwIfAborted();
      return trained.logits(text);
    });
    if (!Number.isFinite(parity.maxLogitDifference)) {
      throw new Problem(`In ${precision} this model computes no numbers any more: its weights reach beyond the range.`, { kind: 'failure', hint: `Leave ${precision} out.` });
    }
    const times: number[] = [];
    for (const [at, prompt] of prompts.entries()) {
      signal.throwIfAborted();
      const text = await writeGreedily(opened, prompt, {
        width: decoder.vocabSize, vocabulary: trained.vocabulary, newTokens: newTokens(trained, prompts), eos: new Set(tokenizer.eosIds),
      });
      times.push(...text.times);
      samples[at]!.exported[precision] = tokenizer.decode(text.tokens, { skipSpecial: true });
    }
    times.sort((left, right) => left - right);
    return { precision, ...parity, keeps: parity.topAgreement >= PRECISION_FACTS[precision].agreement, tokenMs: times[times.length >> 1] ?? null };
  } finally {
    await opened.release();
  }
}

/** A tiny context may have no room for a whole sample. */
function newTokens({ model: { decoder } }: TrainedModel, prompts: readonly Int32Array[]): number {
  const longest = Math.max(...prompts.map(({ length }) => length));
  return Math.max(1, Math.min(SAMPLE_TOKENS, (decoder.contextLength ?? Infinity) - longest));
}
