import type { TokenRole } from '../contract/fork.ts';
import { COMPARED_DIVERGENCES, TOKEN_NUMBERS, type ToldFork } from '../contract/inspection.ts';
import type { TokenReport } from '../contract/token-report.ts';
import { learnedPlaces } from '../distill/batch.ts';
import type { Judge } from '../distill/judge.ts';
import { findForks, tokenRoles } from './forks.ts';
import { judgeTexts, reportOf, type InspectedText } from './token-report.ts';

/** Tokens of the teacher's own continuation that are looked at: enough to see what a student has left out. */
const CONTINUATION = 32;

/** A text up to a place, to be continued by the teacher. */
export interface Beginning { prompt: Int32Array; begun: Int32Array }

export interface ExamineTools {
  /** One that tells `TOP` tokens and, for `numbers`, the divergences compared. */
  judge: Judge;
  eos: ReadonlySet<number>;
  textOf(id: number): string;
  /** The teacher's greedy continuations, one a beginning; null where its context has no room for any. */
  continueAsTeacher(beginnings: readonly Beginning[], most: number): Promise<(Int32Array | null)[]>;
}

export interface ExaminedText {
  report: TokenReport;
  roles: TokenRole[];
  forks: ToldFork[];
  /** `TOKEN_NUMBERS`, one after the other, each as long as the completion; empty where the judge tells one divergence only. */
  numbers: Float32Array;
}

/** Judges texts, none of them empty, and finds their forks. */
export async function examineTexts(texts: readonly InspectedText[], { judge, eos, textOf, continueAsTeacher }: ExamineTools): Promise<ExaminedText[]> {
  const judged = await judgeTexts(judge, texts);
  const reports = texts.map((text, at) => reportOf(text, judged[at]!, textOf));
  const roles = reports.map(({ tokens }) => tokenRoles(tokens));
  // At an end nothing follows that could have been dropped.
  const places = reports.flatMap(({ tokens }, text) => roles[text]!.flatMap((role, position) => (
    role === 'fork' && !eos.has(tokens[position]!.id) && !eos.has(tokens[position]!.teacherTop[0]!.id) ? [{ text, position }] : [])));
  const written = await continueAsTeacher(places.map(({ text, position }) => {
    const { example } = texts[text]!;
    return { prompt: example.prompt, begun: example.completion.subarray(0, learnedPlaces(example)[position]) };
  }), CONTINUATION);
  const continuations = new Map(places.map(({ text, position }, at) => [`${text} ${position}`, written[at]!]));

  return reports.map((report, text) => {
    const continuation = (position: number): Int32Array | null => continuations.get(`${text} ${position}`) ?? null;
    const forks = findForks(report.tokens, { eos, continuation: (position) => [...continuation(position) ?? []] });
    return {
      report, roles: roles[text]!,
      forks: forks.map((fork): ToldFork => {
        const { text: chosen, teacherTop } = report.tokens[fork.position]!;
        const instead = continuation(fork.position);
        return { ...fork, text: chosen, wanted: teacherTop[0]!.text, continuation: instead && [...instead].map(textOf).join('') };
      }),
      numbers: pack(report, judged[text]!),
    };
  });
}

/** Where the judgement has the numbers of a token; what every report has comes from there. */
function pack({ tokens }: TokenReport, { judgement, start }: Awaited<ReturnType<typeof judgeTexts>>[number]): Float32Array {
  if (!judgement[`divergence ${COMPARED_DIVERGENCES[0]}`]) return new Float32Array();
  const numbers = new Float32Array(TOKEN_NUMBERS.length * tokens.length);
  TOKEN_NUMBERS.forEach((name, row) => {
    const told = judgement[name === 'studentLogprob' ? 'targetLogprob' : (COMPARED_DIVERGENCES as readonly string[]).includes(name) ? `divergence ${name}` : name]!;
    for (let at = 0; at < tokens.length; at++) numbers[row * tokens.length + at] = Number(told[start + at]!);
  });
  return numbers;
}
