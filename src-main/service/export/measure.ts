import { PRECISION_FACTS, type ExportedPrecision, type ExportPrecision, type ExportSample } from '../../contract/export-report.ts';
import { Problem } from '../../contract/problem.ts';
import { sharedLength, writeGreedily } from '../../export/greedy.ts';
import { openExported } from '../../export/opened.ts';
import { measureParity, type ParityText } from '../../export/parity.ts';
import { greedyTexts, type GreedyTexts } from './greedy-texts.ts';
import type { TrainedModel } from './trained.ts';

/** Texts that are shown, and tokens of those. */
const SAMPLES = 3;
const SAMPLE_TOKENS = 48;

/** What every precision is measured on. */
export interface Measure { trained: TrainedModel; texts: readonly ParityText[]; greedy: GreedyTexts; samples: ExportSample[] }

/** Takes what the trained model writes to the prompts, greedily; the first of it is shown. */
export async function beginMeasure(trained: TrainedModel, texts: readonly ParityText[], signal: AbortSignal): Promise<Measure> {
  const greedy = await greedyTexts(trained, texts, signal);
  const samples = texts.slice(0, SAMPLES).map(({ prompt }, at) => ({ prompt: shown(trained, prompt, Infinity), trained: shown(trained, greedy.texts[at]!), exported: {} }));
  return { trained, texts, greedy, samples };
}

/** Opens what was written as any program would, and says how near it is. Adds its texts to the samples. */
export async function measurePrecision(
  { trained, texts, greedy, samples }: Measure, precision: ExportPrecision, paths: readonly string[], signal: AbortSignal,
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
    const total = { compared: 0, agreeing: 0, same: 0 };
    for (const [at, { prompt }] of texts.entries()) {
      signal.throwIfAborted();
      const text = await writeGreedily(opened, prompt, { width: decoder.vocabSize, vocabulary: trained.vocabulary, newTokens: greedy.length, eos: new Set(tokenizer.eosIds) });
      times.push(...text.times);
      if (samples[at]) samples[at].exported[precision] = shown(trained, text.tokens);
      const shared = sharedLength(greedy.texts[at]!, text.tokens);
      total.compared += greedy.texts[at]!.length;
      total.agreeing += shared;
      total.same += Number(shared === greedy.texts[at]!.length);
    }
    times.sort((left, right) => left - right);
    return {
      precision, ...parity, keeps: parity.topAgreement >= PRECISION_FACTS[precision].agreement,
      greedy: { prompts: texts.length, length: greedy.length, agreeing: total.agreeing / total.compared, sameTexts: total.same },
      tokenMs: times[times.length >> 1] ?? null,
    };
  } finally {
    await opened.release();
  }
}

const shown = ({ model: { tokenizer } }: TrainedModel, tokens: Int32Array | readonly number[], most = SAMPLE_TOKENS): string => tokenizer.decode([...tokens].slice(0, most), { skipSpecial: true });
