import type { RankedToken, TokenReport } from '../contract/token-report.ts';
import { layOut, learnedPlaces, type TrainingExample } from '../distill/batch.ts';
import type { Judge, Judgement } from '../distill/judge.ts';

/** How many of each model's likeliest tokens a report lists. */
export const TOP = 5;

export interface InspectedText {
  prompt: string;
  completion: string;
  example: TrainingExample;
}

/** Where the judgement of a text begins in that of its batch. */
export interface JudgedText { judgement: Judgement; start: number; /** Null where all are compared. */ compared: Uint8Array | null }

/** Texts that share a batch of the models. */
const AT_ONCE = 8;

/** Judges texts, which must not be empty. @param judge  one that tells `TOP` tokens */
export async function judgeTexts(judge: Judge, texts: readonly InspectedText[]): Promise<JudgedText[]> {
  const judged: JudgedText[] = [];
  for (const batch of layOut(texts.map(({ example }) => example), AT_ONCE, 'sequence', judge.encoder)) {
    const judgement = await judge.judge(batch);
    for (const { example, text, start } of batch.spans) judged[example] = { judgement, start, compared: judge.compared(text) };
  }
  return judged;
}

/** Judges texts and reports every token of their completions. */
export async function reportTokens(judge: Judge, texts: readonly InspectedText[], textOf: (id: number) => string): Promise<TokenReport[]> {
  const judged = await judgeTexts(judge, texts);
  return texts.map((text, at) => reportOf(text, judged[at]!, textOf));
}

export function reportOf({ prompt, completion, example }: InspectedText, { judgement, start, compared }: JudgedText, textOf: (id: number) => string): TokenReport {
  const number = (name: string, at: number): number => Number(judgement[name]![at]!);
  const likeliest = (model: string, position: number): RankedToken[] => Array.from({ length: TOP }, (_, rank) => {
    const id = number(`${model}Ids`, position * TOP + rank);
    return { id, text: textOf(id), logprob: number(model, position * TOP + rank) };
  });
  const tokens = learnedPlaces(example).map((place) => example.completion[place]!).map((id, at) => ({
    id,
    text: textOf(id),
    divergence: number('divergence', start + at),
    ...(compared?.[at] === 0 && { compared: false }),
    studentLogprob: number('targetLogprob', start + at),
    teacherLogprob: number('teacherLogprob', start + at),
    studentEntropy: number('studentEntropy', start + at),
    teacherEntropy: number('teacherEntropy', start + at),
    studentRank: number('studentRank', start + at),
    teacherRank: number('teacherRank', start + at),
    studentTop: likeliest('studentTop', start + at),
    teacherTop: likeliest('teacherTop', start + at),
  }));
  const count = tokens.filter((token) => token.compared !== false).length;
  return {
    prompt, completion, tokens,
    promptTokens: example.prompt.length,
    meanDivergence: tokens.reduce((sum, token) => sum + token.divergence, 0) / (count || 1),
    ...(compared && { comparedShare: count / tokens.length }),
  };
}
