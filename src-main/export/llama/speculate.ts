import type { DraftMeasure } from '../../contract/export-report.ts';
import type { FoundLlama, LlamaModel, LlamaSequence } from './find-llama.ts';
import { contextSettings, QUIET } from './opened-llama.ts';

export interface SpeculationSettings { readonly newTokens: number; /** Most tokens of one draft. */ readonly draftTokens: number; readonly stops: ReadonlySet<number> }

/**
 * Has llama.cpp write the same texts greedily by a large model alone and with a small one that drafts for it.
 * @param target  GGUF file of the large model, @param draft  that of the small one, of the same vocabulary
 */
export async function speculate(found: FoundLlama, target: string, draft: string, prompts: readonly Int32Array[], { newTokens, draftTokens, stops }: SpeculationSettings, signal: AbortSignal): Promise<Omit<DraftMeasure, 'target' | 'file'>> {
  const { DraftSequenceTokenPredictor: Predictor } = found.library;
  const llama = await found.library.getLlama(QUIET);
  try {
    const open = (path: string): Promise<LlamaModel> => llama.loadModel({ modelPath: path, gpuLayers: 0, ignoreMemorySafetyChecks: true });
    const [large, small] = [await open(target), await open(draft)];
    const longest = Math.max(...prompts.map(({ length }) => length)) + newTokens + draftTokens + 1;
    const [alone, helped, drafting] = [await large.createContext(contextSettings(longest)), await large.createContext(contextSettings(longest)), await small.createContext(contextSettings(longest))];
    const plain = alone.getSequence();
    // It waits for whole drafts: those that are not ready in time would depend on what else the machine does.
    const drafted = helped.getSequence({ tokenPredictor: new Predictor(drafting.getSequence(), { minTokens: draftTokens, maxTokens: draftTokens, minConfidence: 0 }) });
    const total = { aloneMs: 0, draftedMs: 0, tokens: 0, draftedTokens: 0, same: 0 };
    for (const prompt of prompts) {
      const one = await write(plain, prompt, newTokens, stops, signal);
      const other = await write(drafted, prompt, newTokens, stops, signal);
      total.aloneMs += one.ms;
      total.draftedMs += other.ms;
      total.tokens += one.tokens.length;
      total.draftedTokens += other.tokens.length;
      total.same += Number(one.tokens.join() === other.tokens.join());
    }
    const { validated, refuted } = drafted.tokenPredictions!;
    return {
      runtime: 'llama.cpp', version: `${llama.llamaCppRelease.release}, by node-llama-cpp ${found.version}`, prompts: prompts.length, draftTokens,
      acceptance: validated + refuted === 0 ? null : validated / (validated + refuted), sameTexts: total.same,
      aloneTokensPerSecond: 1000 * total.tokens / total.aloneMs, tokensPerSecond: 1000 * total.draftedTokens / total.draftedMs,
    };
  } finally {
    await llama.dispose();
  }
}

/** A greedy continuation, timed with the reading of its prompt. */
async function write(sequence: LlamaSequence, prompt: Int32Array, newTokens: number, stops: ReadonlySet<number>, signal: AbortSignal): Promise<{ tokens: number[]; ms: number }> {
  await sequence.clearHistory();
  const begun = performance.now();
  const tokens: number[] = [];
  for await (const token of sequence.evaluate([...prompt], { temperature: 0, yieldEogToken: true })) {
    signal.throwIfAborted();
    tokens.push(token);
    if (tokens.length === newTokens || stops.has(token)) break;
  }
  return { tokens, ms: performance.now() - begun };
}
