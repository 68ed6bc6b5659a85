import { stat } from 'node:fs/promises';
import type { Answer } from '../../contract/comparison.ts';
import type { Commands } from '../../contract/worker.ts';
import type { CommandEvent, Params } from '../../contract/worker-host.ts';
import { choiceOf } from '../../decode/choose.ts';
import { samplingOf } from '../../decode/sampling.ts';
import { TextPlan, type TextWriter } from '../../decode/text-writer.ts';
import { learnedCount } from '../../distill/batch.ts';
import { FrozenModel } from '../../distill/frozen-model.ts';
import { hasChatTemplate } from '../../text/chat/chat-template.ts';
import { TextStream } from '../../text/tokenizer/text-stream.ts';
import { countParameters } from '../../nn/build.ts';
import { givenText, type EncodedExample } from '../../text/encoded-example.ts';
import { firstExamples } from '../../text/example-set.ts';
import { encodeRows, holdOut } from '../examples/examples.ts';
import { endTokens, executorFor, openWeights, openWholeModel } from '../../model/load-model.ts';
import { longestText } from '../examples/longest-text.ts';
import { readExamplesOnce } from '../examples/remembered-examples.ts';
import { repetitionRate } from '../../metrics/repetition.ts';
import { columnWarnings, textWarnings, variableWarnings, type TextWarning } from '../examples/text-warnings.ts';
import { AnswerJudge, unjudged, type LoadedModel } from './answer-judge.ts';
import { rowMetrics, ScoreSums } from './scores.ts';

/** Tokens from which on an answer that repeats itself is a loop. */
const LOOP = 12;
/** Rows of a data set that are answered before they are told. */
const AT_ONCE = 32;

type Compare = Params<Commands, 'compare'>;
type Emit = (event: CommandEvent<Commands, 'compare'>) => void;

/** Lets models answer the same prompts. One model after the other, so that two are in memory at most: it and the teacher. */
export async function compareModels(params: Compare, signal: AbortSignal, emit: Emit): Promise<null> {
  rowMetrics(params.metrics);
  const teacher = params.teacher === null ? null : await load(params.teacher, params);
  try {
    for (const [at, path] of params.models.entries()) {
      signal.throwIfAborted();
      const loaded = path === params.teacher ? teacher! : await load(path, params);
      try {
        await answerAll(params, at, loaded, teacher, signal, emit);
      } finally {
        if (loaded !== teacher) await loaded.frozen.release();
      }
    }
  } finally {
    await teacher?.frozen.release();
  }
  return null;
}

async function load(path: string, { device }: Compare): Promise<LoadedModel> {
  const model = await openWholeModel(path);
  const executor = executorFor(device);
  const { decoder, weights, release } = await openWeights(model, executor);
  return { model, frozen: new FrozenModel(executor, decoder, weights, { letGo: release }) };
}

/** The prompts as one model reads them. */
async function examplesOf({ texts, examples: count }: Compare, { model }: LoadedModel, isChat: boolean, warn: (warning: TextWarning) => void): Promise<EncodedExample[]> {
  if (texts.kind === 'prompts') {
    const rows = texts.prompts.map(({ text }) => ({ prompt: text }));
    const encoded = await encodeRows(rows, 'prompt', {
      prompt: '{{prompt}}', completion: undefined, messages: undefined, chat: isChat, system: texts.system ?? undefined, template: texts.template,
      maxPromptTokens: Infinity, maxCompletionTokens: Infinity, needsCompletions: false,
    }, model);
    return encoded.map((example, at) => ({ ...example, index: texts.prompts[at]!.example }));
  }
  const all = await readExamplesOnce(texts.data, { ...texts.view, chat: isChat, needsCompletions: false, most: texts.holdOut ? null : count }, model);
  const held = texts.holdOut ? holdOut(all, texts.holdOut.share, texts.holdOut.seed).validation : all;
  for (const warning of [...textWarnings(held, texts.data, texts.view), ...await columnWarnings(texts.view, held), ...await variableWarnings(texts.view.template, model)]) warn(warning);
  return firstExamples(held, count);
}

async function answerAll(params: Compare, at: number, loaded: LoadedModel, teacher: LoadedModel | null, signal: AbortSignal, emit: Emit): Promise<void> {
  const { texts, decode, seed } = params;
  const { model, frozen } = loaded;
  const wantsChat = texts.kind === 'data' ? texts.view.chat : texts.chat;
  const isChat = wantsChat && await hasChatTemplate(model.folder.companions);
  const examples = await examplesOf(params, loaded, isChat, emit);
  const isTyped = texts.kind === 'prompts';
  // A person who types a prompt takes what there is room for; over a data set all answers have the same.
  const room = Math.min(...examples.map(({ prompt }) => (model.decoder.contextLength ?? Infinity) - prompt.length));
  const maxNewTokens = isTyped ? Math.max(1, Math.min(params.maxNewTokens, room)) : params.maxNewTokens;
  const eos = endTokens(model);
  // As `retort generate` and `retort eval` draw, so that each model alone writes the same.
  const sampling = samplingOf(decode, seed, isTyped ? 'generate' : 'evaluation');
  const maxLength = longestText(examples, maxNewTokens, model, isTyped ? undefined : texts.data);
  const reason = teacher && teacher !== loaded ? unjudged(teacher.model, model) : null;
  const judge = teacher && teacher !== loaded && reason === null ? new AnswerJudge(loaded, teacher, params.judge) : null;
  const sums = new ScoreSums(rowMetrics(params.metrics));
  const time = { tokens: 0, milliseconds: 0 };
  const writer = await new TextPlan(executorFor(params.device), frozen.decoder, frozen.weights, {
    vocabulary: Math.min(model.decoder.vocabSize, model.tokenizer.vocabularySize), maxLength, choice: choiceOf(sampling),
  }).open();
  const atOnce = isTyped ? 1 : AT_ONCE;
  try {
    for (let start = 0; start < examples.length; start += atOnce) {
      const part = examples.slice(start, start + atOnce);
      if (at === 0) emit({ event: 'rows', rows: part.map(rowText) });
      const { completions, milliseconds } = await write(part, writer);
      time.milliseconds += milliseconds;
      const predictions = part.map((example, row) => ({ prompt: example.promptText, prediction: textOf(completions[row]!.tokens), reference: example.completionText }));
      const own = await judge?.sums(part.map(({ index, prompt }, row) => ({ index, prompt, completion: completions[row]!.tokens, isOnPolicy: true })));
      const given = await judge?.sums(part.map((example) => ({ ...givenText(example), isOnPolicy: false })));
      const scores = sums.score(predictions);
      const answers = part.map(({ index, completion, learned }, row): Answer & { example: number } => {
        const { tokens: { length }, ended } = completions[row]!;
        time.tokens += length;
        sums.count({ ended });
        return {
          example: index, text: predictions[row]!.prediction, tokens: length, ended,
          scores: {
            ...scores[row],
            // Two models agree on the next word of a loop and on the next blank: that would make the worst text the best.
            ...(own && { divergence: isText(predictions[row]!.prediction, completions[row]!.tokens) ? sums.mean('divergence', own[row]!, length) : null }),
            ...(given && completion.length > 0 && { 'reference-divergence': sums.mean('reference-divergence', given[row]!, learnedCount({ completion, learned })) }),
            length,
            ...(isTyped && { speed: (1000 * length) / milliseconds }),
          },
        };
      });
      emit({ event: 'answers', model: at, answers });
      emit({ event: 'phase', phase: 'evaluate', done: at * examples.length + start + part.length, total: params.models.length * examples.length });
    }
    const sizes = await Promise.all(model.folder.weightFiles.map(async (file) => (await stat(file)).size));
    emit({
      event: 'facts', model: at,
      facts: {
        parameters: countParameters(model.parameters), bytes: sizes.reduce((sum, size) => sum + size, 0), isChat, unjudged: reason,
        answers: examples.length, ...time, atOnce: Math.min(atOnce, writer.atOnce, examples.length), scores: sums.all(seed),
      },
    });
  } finally {
    await writer.release();
    await judge?.release();
  }

  async function write(part: readonly EncodedExample[], by: TextWriter): Promise<{ completions: Awaited<ReturnType<TextWriter['write']>>; milliseconds: number }> {
    const stream = new TextStream(model.tokenizer, { skipSpecial: true });
    const tell = (text: string): void => { if (text !== '') emit({ event: 'text', model: at, example: part[0]!.index, text }); };
    const begun = performance.now();
    const completions = await by.write(part.map(({ index, prompt }) => ({ id: index, tokens: prompt })), {
      maxNewTokens, eos, sampling, signal, ...(isTyped && { onToken: (_: number, token: number) => { tell(stream.push(token)); } }),
    });
    const milliseconds = performance.now() - begun;
    if (isTyped) tell(stream.end());
    // What was cut off is no answer.
    signal.throwIfAborted();
    return { completions, milliseconds };
  }

  function textOf(tokens: Int32Array): string {
    return model.tokenizer.decode([...tokens], { skipSpecial: true });
  }
}

/** Whether an answer is a text that a divergence can judge: neither blank nor a loop. */
function isText(text: string, tokens: ArrayLike<number>): boolean {
  return text.trim() !== '' && (tokens.length < LOOP || repetitionRate(tokens) <= 0.5);
}

/** A prompt as a person reads it: a conversation before any template. */
function rowText({ index, turns, promptText, completionText }: EncodedExample): { example: number; prompt: string; reference: string | null } {
  const prompt = turns === null ? promptText : turns.length === 1 ? turns[0]!.content ?? '' : turns.map(({ role, content }) => `${role}: ${content ?? ''}`).join('\n');
  return { example: index, prompt, reference: completionText };
}
