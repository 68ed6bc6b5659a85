import type { MeasuredSample, SampleText } from '../../contract/inspection.ts';
import { COMPARED_DIVERGENCES } from '../../contract/inspection.ts';
import type { Commands } from '../../contract/worker.ts';
import type { CommandEvent, Params, Result } from '../../contract/worker-host.ts';
import { samplingOf } from '../../decode/sampling.ts';
import type { TrainingExample } from '../../distill/batch.ts';
import { examineTexts } from '../../inspect/examine.ts';
import type { EncodedExample } from '../../text/encoded-example.ts';
import { eachExample, firstExamples, type ExampleSet } from '../../text/example-set.ts';
import { holdOut } from '../examples/examples.ts';
import { longestText } from '../examples/longest-text.ts';
import { notePrompts } from '../examples/note-prompts.ts';
import { readExamplesOnce } from '../examples/remembered-examples.ts';
import { conversationOf } from './conversation-of.ts';
import type { InspectedPair } from './open-pair.ts';
import type { PairKeeper } from './pair-keeper.ts';

/** Texts written and examined together, so that their continuations share batches; after so many a person sees more. */
const AT_ONCE = 32;

type Survey = Params<Commands, 'survey'>;
/** A prompt, with its completion where that is given. */
type Piece = Omit<SampleText, 'completion' | 'ended'> & { promptTokens: Int32Array; given: { tokens: Int32Array; ended: boolean } | null };

/** Measures every token of many texts and finds their forks; tells them in pieces, so that nothing is held as a whole. */
export function survey(
  params: Survey, keeper: PairKeeper, signal: AbortSignal, emit: (event: CommandEvent<Commands, 'survey'>) => void,
): Promise<Result<Commands, 'survey'>> {
  return keeper.use(params.student, params.teacher, params.device, async (pair) => {
    const pieces = await piecesOf(params, pair);
    let samples = 0;
    for (let start = 0; start < pieces.length; start += AT_ONCE) {
      signal.throwIfAborted();
      const texts = await written(params, pair, pieces.slice(start, start + AT_ONCE), signal);
      signal.throwIfAborted();
      const measured = await measure(params, pair, texts);
      samples += measured.length;
      emit({ event: 'samples', samples: measured });
      emit({ event: 'phase', phase: 'evaluate', done: Math.min(start + AT_ONCE, pieces.length), total: pieces.length });
    }
    return { samples };
  });
}

async function piecesOf({ texts, examples: count, maxNewTokens }: Survey, { student, teacher, alignment }: InspectedPair): Promise<Piece[]> {
  if (texts.kind === 'given') return texts.texts.map(({ completion, ended, ...text }) => ({ ...text, given: completion && { tokens: completion, ended } }));
  const settings = { ...texts.view, needsCompletions: false };
  const all = await readExamplesOnce(texts.data, settings, student);
  if (alignment) await notePrompts(alignment, teacher, texts.data, settings, all);
  const piece = (example: EncodedExample, step: number | null, given: Piece['given']): Piece => ({
    example: example.index, step, given, prompt: example.promptText, ...conversationOf(example, texts.data, texts.view), promptTokens: example.prompt, reference: example.completionText,
  });
  if (texts.kind === 'rollouts') {
    const byIndex = await examplesByIndex(all, new Set(texts.rollouts.map(({ example }) => example)));
    return texts.rollouts.flatMap(({ example, step, tokens, ended }) => {
      const found = byIndex.get(example);
      return found ? [piece(found, step, { tokens, ended })] : [];
    });
  }
  const held = texts.holdOut ? holdOut(all, texts.holdOut.share, texts.holdOut.seed).validation : all;
  const examples = await firstExamples(held, count);
  for (const model of [student, teacher]) longestText(examples, maxNewTokens, model, texts.data);
  return examples.map((example) => piece(example, null, null));
}

async function examplesByIndex(all: ExampleSet, wanted: ReadonlySet<number>): Promise<Map<number, EncodedExample>> {
  const found = new Map<number, EncodedExample>();
  for await (const example of eachExample(all)) if (wanted.has(example.index)) found.set(example.index, example);
  return found;
}

interface WrittenText { piece: Piece; tokens: Int32Array; ended: boolean }

/** The texts with what the student writes where nothing was given, without those that have no token. */
async function written({ decode, seed, maxNewTokens }: Survey, pair: InspectedPair, pieces: readonly Piece[], signal: AbortSignal): Promise<WrittenText[]> {
  const open = pieces.filter(({ given }) => given === null);
  const completions = open.length === 0 ? [] : await pair.write('student', open.map(({ example, promptTokens }) => ({ id: example, tokens: promptTokens })),
    { maxNewTokens, sampling: samplingOf(decode, seed, 'evaluation'), signal });
  const own = new Map(open.map((piece, at) => [piece, completions[at]!]));
  return pieces.map((piece) => ({ piece, ...(piece.given ?? own.get(piece)!) })).filter(({ tokens }) => tokens.length > 0);
}

async function measure({ beta }: Survey, pair: InspectedPair, texts: readonly WrittenText[]): Promise<MeasuredSample[]> {
  const examined = await examineTexts(texts.map(({ piece, tokens }) => ({
    prompt: piece.prompt, completion: pair.student.tokenizer.decode([...tokens], { skipSpecial: true }), example: exampleOf(piece, tokens),
  })), pair.tools({ divergence: 'jsd', beta }, COMPARED_DIVERGENCES));
  return examined.map(({ report, roles, forks, numbers }, at): MeasuredSample => {
    const { piece: { given: _, ...text }, tokens, ended } = texts[at]!;
    return { ...text, completion: report.completion, ended, tokens, texts: report.tokens.map((token) => token.text), numbers, roles, forks };
  });
}

const exampleOf = ({ example, promptTokens }: Piece, completion: Int32Array): TrainingExample =>
  ({ index: example, prompt: promptTokens, completion, isOnPolicy: true });
