import type { Alternatives } from '../../contract/inspection.ts';
import type { Commands } from '../../contract/worker.ts';
import type { Params } from '../../contract/worker-host.ts';
import type { TokenReport } from '../../contract/token-report.ts';
import { judgeTexts, reportOf } from '../../inspect/token-report.ts';
import type { PairKeeper } from './pair-keeper.ts';

type Look = Params<Commands, 'look'>;

/** Both models' top choices at every token of one text. */
export function lookAt({ student, teacher, device, promptTokens, tokens }: Look, keeper: PairKeeper): Promise<TokenReport> {
  return keeper.use(student, teacher, device, async (pair) => {
    const { judge, textOf } = pair.tools({ divergence: 'jsd', beta: 0.5 });
    const text = { prompt: '', completion: '', example: { index: 0, prompt: promptTokens, completion: tokens, isOnPolicy: true } };
    const [judged] = await judgeTexts(judge, [text]);
    return reportOf(text, judged!, textOf);
  });
}

/**
 * How the teacher goes on from the beginning of a text, and how the student would if the next token were another one:
 * `token`, or where that is null the teacher's first.
 */
export function goOnFrom(params: Params<Commands, 'goOn'>, keeper: PairKeeper): Promise<Alternatives> {
  const { student, teacher, device, promptTokens: prompt, begun, maxNewTokens } = params;
  return keeper.use(student, teacher, device, async (pair) => {
    const show = (ids: Iterable<number>): string => pair.student.tokenizer.decode([...ids], { skipSpecial: true });
    const [own] = await pair.goOn('teacher', [{ prompt, begun }], maxNewTokens);
    const token = params.token ?? own?.[0];
    if (token === undefined) return { teacher: '', student: '', token: '' };
    const forced = Int32Array.from([...begun, token]);
    const [rest] = pair.eos.has(token) ? [null] : await pair.goOn('student', [{ prompt, begun: forced }], maxNewTokens - 1);
    // Decoded with what stands before, so that spaces at the seam are as in the whole text.
    const from = (ids: Iterable<number>): string => show([...begun, ...ids]).slice(show(begun).length);
    return { teacher: from(own ?? []), student: from([token, ...rest ?? []]), token: pair.textOf(token) };
  });
}
