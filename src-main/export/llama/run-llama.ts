import type { RuntimeRun } from '../../contract/export-report.ts';
import type { ChatTemplate } from '../../text/chat/chat-template.ts';
import type { Tokenizer } from '../../text/tokenizer/tokenizer.ts';
import type { ParityText } from '../parity.ts';
import { sharedLength } from '../greedy.ts';
import { templateFaults } from './check-template.ts';
import type { FoundLlama } from './find-llama.ts';
import { OpenedLlama } from './opened-llama.ts';

/** What a file is held to: texts, and what the trained model writes greedily and has on top of them. */
export interface TrainedTexts {
  readonly texts: readonly ParityText[];
  /** Of each text the trained model's first choices. */
  readonly tops: readonly Int32Array[];
  /** Greedy continuations of each prompt, as far as they were written. */
  readonly greedy: readonly Int32Array[];
  /** Most tokens of such a continuation. */
  readonly length: number;
}

export interface ModelFacts { readonly tokenizer: Tokenizer; readonly template: ChatTemplate | null; /** Tokens that end an answer. */ readonly stops: readonly number[]; readonly contextLength: number | null }

/** Opens a GGUF file in llama.cpp and compares it with the trained weights. */
export async function runInLlama(found: FoundLlama, path: string, trained: TrainedTexts, facts: ModelFacts, signal: AbortSignal): Promise<RuntimeRun & { samples: string[] }> {
  const { texts, tops, greedy, length } = trained;
  const longest = Math.max(...texts.map(({ prompt, completion }) => prompt.length + Math.max(completion.length, length))) + 1;
  const opened = await OpenedLlama.open(found, path, longest);
  try {
    const total = { compared: 0, agreeing: 0, same: 0, surprise: 0, judged: 0, tops: 0, ms: 0, timed: 0 };
    const samples: string[] = [];
    for (const [at, { prompt, completion }] of texts.entries()) {
      const written = await opened.write(prompt, greedy[at]!.length, new Set(facts.stops), signal);
      const shared = sharedLength(greedy[at]!, written.tokens);
      total.compared += greedy[at]!.length;
      total.agreeing += shared;
      total.same += Number(shared === greedy[at]!.length);
      if (written.tokens.length > 1) [total.ms, total.timed] = [total.ms + written.ms, total.timed + written.tokens.length - 1];
      samples.push(facts.tokenizer.decode(written.tokens, { skipSpecial: true }));
      const judged = await opened.judge(prompt, completion, signal);
      judged.forEach(({ surprise, top }, position) => {
        total.surprise += surprise;
        total.tops += Number(top === tops[at]![position]);
      });
      total.judged += judged.length;
    }
    return {
      runtime: 'llama.cpp', version: `${opened.version}, by node-llama-cpp ${found.version}`, prompts: texts.length, length,
      agreeing: total.agreeing / total.compared, sameTexts: total.same, topAgreement: total.tops / total.judged,
      perplexity: Math.exp(total.surprise / total.judged), tokensPerSecond: total.timed === 0 ? null : 1000 * total.timed / total.ms,
      faults: faultsOf(opened, facts, found, texts), samples,
    };
  } finally {
    await opened.release();
  }
}

/** A template, a token that ends an answer, or a text that is read otherwise. */
function faultsOf(opened: OpenedLlama, { tokenizer, template, stops }: ModelFacts, found: FoundLlama, texts: readonly ParityText[]): string[] {
  const unended = stops.filter((id) => !opened.ends(id)).map((id) => tokenizer.tokenOf(id) ?? String(id));
  const special = tokenizer.specialTexts;
  // The text that a tokenizer gives back is the one it has read, but for spaces that some put in front.
  const strings = [...texts.map(({ prompt }) => tokenizer.decode([...prompt], { skipSpecial: true }))].filter((text) => text !== '');
  const other = strings.find((text) => !sameTokens(tokenizer.encode(text, { special: false }), opened.tokenize(text)));
  return [
    ...(unended.length > 0 ? [`llama.cpp does not end an answer at ${unended.join(', ')}.`] : []),
    ...(other === undefined ? [] : [`llama.cpp reads ${JSON.stringify(other.slice(0, 80))} as other tokens than this model was trained with.`]),
    ...(template ? templateFaults(template, special, found) : []),
  ];
}

const sameTokens = (one: readonly number[], other: readonly number[]): boolean => one.length === other.length && one.every((id, at) => id === other[at]);
