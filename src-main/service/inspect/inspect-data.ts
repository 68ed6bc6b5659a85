import type { InspectionReport } from '../../contract/token-report.ts';
import { Problem } from '../../contract/problem.ts';
import type { Commands } from '../../contract/worker.ts';
import type { CommandEvent, Params, Result } from '../../contract/worker-host.ts';
import { samplingOf } from '../../decode/sampling.ts';
import { examineTexts, type ExaminedText } from '../../inspect/examine.ts';
import type { InspectedText } from '../../inspect/token-report.ts';
import { givenText, type EncodedExample } from '../../text/encoded-example.ts';
import { firstExamples } from '../../text/example-set.ts';
import { holdOut, type ExampleSettings } from '../examples/examples.ts';
import { longestText } from '../examples/longest-text.ts';
import { notePrompts } from '../examples/note-prompts.ts';
import { readExamplesOnce } from '../examples/remembered-examples.ts';
import { columnWarnings, textWarnings, variableWarnings } from '../examples/text-warnings.ts';
import { InspectedPair } from './open-pair.ts';

/** Texts examined together, so that their continuations share batches. */
const AT_ONCE = 32;

/** Reports, token by token, where a student's text leaves what its teacher would have written. */
export async function inspectData(
  params: Params<Commands, 'inspect'>, signal: AbortSignal, emit: (event: CommandEvent<Commands, 'inspect'>) => void,
): Promise<Result<Commands, 'inspect'>> {
  const pair = await InspectedPair.open(params.student, params.teacher, params.device);
  try {
    const { student, teacher } = pair;
    const settings: ExampleSettings = {
      prompt: params.prompt ?? undefined, completion: params.completion ?? undefined, messages: params.messages ?? undefined,
      chat: params.chat, system: params.system ?? undefined,
      tools: params.tools ?? undefined, template: params.template, learn: params.learn ?? 'last', shots: params.shots ?? undefined, maxPromptTokens: params.maxPromptTokens ?? Infinity, maxCompletionTokens: Infinity,
      needsCompletions: params.judges === 'given', most: params.holdOut ? null : params.examples,
    };
    const all = await readExamplesOnce(params.data, settings, student);
    if (pair.alignment) await notePrompts(pair.alignment, teacher, params.data, settings, all, signal);
    const held = params.holdOut ? holdOut(all, params.holdOut.share, params.holdOut.seed).validation : all;
    for (const warning of [...textWarnings(held, params.data, { maxPromptTokens: params.maxPromptTokens ?? Infinity, maxCompletionTokens: Infinity }), ...await columnWarnings(settings, held), ...await variableWarnings(params.template, student)]) emit(warning);
    const examples = await firstExamples(held, params.examples);
    const longest = params.judges === 'own' ? params.maxNewTokens : Math.max(0, ...examples.map(({ completion }) => completion.length));
    for (const model of [student, teacher]) longestText(examples, longest, model, params.data);

    const texts = params.judges === 'own' ? await ownTexts(params, examples, pair, signal) : examples.map((example): InspectedText => ({
      prompt: example.promptText, completion: example.completionText!, example: { ...givenText(example), isOnPolicy: false },
    }));
    const told = texts.filter(({ example }) => example.completion.length > 0);
    if (told.length === 0) throw new Problem('There is no text to inspect: every completion is empty.', { hint: 'Raise --max-new-tokens or choose other data.' });
    let sum = 0;
    for (let start = 0; start < told.length; start += AT_ONCE) {
      signal.throwIfAborted();
      for (const examined of await examineTexts(told.slice(start, start + AT_ONCE), pair.tools(params))) {
        sum += examined.report.meanDivergence;
        emit({ event: 'report', report: withForks(examined) });
      }
    }
    return { examples: told.length, meanDivergence: sum / told.length };
  } finally {
    await pair.release();
  }
}

function withForks({ report, roles, forks }: ExaminedText): InspectionReport {
  return { ...report, tokens: report.tokens.map((token, at) => ({ ...token, role: roles[at]! })), forks };
}

async function ownTexts(
  { decode, seed, maxNewTokens }: Params<Commands, 'inspect'>, examples: readonly EncodedExample[], pair: InspectedPair, signal: AbortSignal,
): Promise<InspectedText[]> {
  const completions = await pair.write('student', examples.map(({ index, prompt }) => ({ id: index, tokens: prompt })),
    { maxNewTokens, sampling: samplingOf(decode, seed, 'evaluation'), signal });
  return examples.map((example, at) => ({
    prompt: example.promptText,
    completion: pair.student.tokenizer.decode([...completions[at]!.tokens], { skipSpecial: true }),
    example: { index: example.index, prompt: example.prompt, completion: completions[at]!.tokens, isOnPolicy: true },
  }));
}
