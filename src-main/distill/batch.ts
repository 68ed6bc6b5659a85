import { int32, float32, type Tensor } from '../runtime/tensor.ts';
import { padPrompts } from '../decode/source.ts';
import type { Encoder } from '../nn/decoder.ts';
import { roundUp, SHORTEST, type Bucket } from './bucket.ts';

/** A text to learn from: only its completion is judged. */
export interface TrainingExample {
  /** Index in the training data. */
  index: number;
  prompt: Int32Array;
  completion: Int32Array;
  /** Which tokens of the completion are learned, 1 or 0 each; all where it is null or left out. */
  learned?: Uint8Array | null;
  /** Whether the student wrote the completion itself. */
  isOnPolicy: boolean;
  /** For a policy gradient: how much the loss falls as each completion token's log-probability rises. */
  advantages?: Float32Array;
  /** Which of the learned tokens a teacher has anything to say of, 1 or 0 each; of all where it is left out. */
  compared?: Uint8Array;
}

/** Examples laid out for one run of the train graph. */
export interface MicroBatch {
  bucket: Bucket;
  /** What the model writing the completions reads, [batch, length]. */
  ids: Tensor;
  /** The prompts, where an encoder reads them: ids [batch, source] and padding [batch, 1, 1, source]. */
  source: { ids: Tensor; padding: Tensor } | null;
  /** Where each learned position lies among the rows' hidden states, [positions]. */
  index: Tensor;
  targets: Tensor;
  weights: Tensor;
  /** What `TrainingExample.advantages` says at each position, where the batch has any. */
  advantages: Tensor | null;
  /** The examples in it (`text`, and their place in the batch), and where each one's learned positions begin and end. */
  spans: { example: number; text: TrainingExample; start: number; end: number }[];
}

/**
 * Cuts a batch into micro-batches. What a position weighs comes from the whole batch, so neither the split, the
 * padding nor the order changes the loss; examples of like length go together because that pads least.
 *
 * @param encoder  of the model; with one, prompts are its input and completions start after its start token
 * @param share    what the mean divergence counts in the loss, beside advantages
 */
export function layOut(
  examples: readonly TrainingExample[], microBatchSize: number, reduction: Reduction, encoder: Pick<Encoder, 'startId'> | null, share = 1,
): MicroBatch[] {
  const mean = positionWeight(examples.map(comparedCount), reduction);
  const weigh = (example: TrainingExample): number => share * mean(comparedCount(example));
  return split(examples, microBatchSize).map((members) => microBatch(members, weigh, encoder));
}

/** Places in an example's completion whose tokens are learned. */
export function learnedPlaces({ completion, learned }: Pick<TrainingExample, 'completion' | 'learned'>): number[] {
  return Array.from(completion, (_, place) => place).filter((place) => !learned || learned[place] === 1);
}

export function learnedCount({ completion, learned }: Pick<TrainingExample, 'completion' | 'learned'>): number {
  return learned ? learned.reduce((sum, isLearned) => sum + isLearned, 0) : completion.length;
}

/** Tokens of an example that count in the mean divergence. */
function comparedCount(example: Pick<TrainingExample, 'completion' | 'learned' | 'compared'>): number {
  return example.compared ? example.compared.reduce((sum, is) => sum + is, 0) : learnedCount(example);
}

/** What of an example its place in a batch depends on. */
export type Text = Pick<TrainingExample, 'prompt' | 'completion'>;

/** How many tokens models read of a batch in micro-batches of a size, the padding included. */
export function paddedTokens(texts: readonly Text[], microBatchSize: number, encoder: Pick<Encoder, 'startId'> | null): number {
  return split(texts, microBatchSize).reduce((sum, members) => {
    const { length, source } = rowLengths(members, encoder);
    return sum + members.length * (length + (source ?? 0));
  }, 0);
}

interface Member<Example extends Text = Text> { example: Example; at: number }

/** Texts of like length together, the longest first; one without a completion teaches nothing. */
function split<Example extends Text>(examples: readonly Example[], microBatchSize: number): Member<Example>[][] {
  const order = examples
    .map((example, at) => ({ example, at, length: example.prompt.length + example.completion.length }))
    .filter(({ example }) => example.completion.length > 0)
    .sort((a, b) => b.length - a.length || a.at - b.at);
  return Array.from({ length: Math.ceil(order.length / microBatchSize) }, (_, at) => order.slice(at * microBatchSize, (at + 1) * microBatchSize));
}

/** Tokens of each padded row, and of what an encoder reads for it. */
function rowLengths(members: readonly Member[], encoder: Pick<Encoder, 'startId'> | null): { length: number; source: number | null } {
  const longest = (lengthOf: (text: Text) => number): number => roundUp(Math.max(...members.map(({ example }) => lengthOf(example))), SHORTEST);
  return {
    // The last token of a text is only ever a target, never an input.
    length: longest(({ prompt, completion }) => (encoder ? 1 : prompt.length) + completion.length - 1),
    source: encoder && longest(({ prompt }) => prompt.length),
  };
}

export type Reduction = 'sequence' | 'token';

/**
 * What a position of a completion of a length weighs in the mean over a batch. `sequence`: 1 / (completions x length of
 * its own); `token`: 1 / tokens of all completions.
 *
 * @param lengths  of all the batch's completions; empty ones do not count
 */
export function positionWeight(lengths: readonly number[], reduction: Reduction): (length: number) => number {
  const tokens = lengths.reduce((sum, length) => sum + length, 0);
  const count = lengths.filter((length) => length > 0).length;
  return (length) => (reduction === 'token' ? 1 / tokens : 1 / (count * length));
}

function microBatch(members: readonly Member<TrainingExample>[], weigh: (example: TrainingExample) => number, encoder: Pick<Encoder, 'startId'> | null): MicroBatch {
  // What stands before the completion in its row.
  const opening = ({ prompt }: TrainingExample): Int32Array => (encoder ? Int32Array.of(encoder.startId) : prompt);
  const { length, source: sourceLength } = rowLengths(members, encoder);
  const learned = members.reduce((sum, { example }) => sum + learnedCount(example), 0);
  const positions = roundUp(learned, SHORTEST);
  const ids = new Int32Array(members.length * length);
  const index = new Int32Array(positions);
  const targets = new Int32Array(positions);
  const weights = new Float32Array(positions);
  const advantages = members.some(({ example }) => example.advantages) ? new Float32Array(positions) : null;
  const spans: MicroBatch['spans'] = [];
  let position = 0;
  members.forEach(({ example, at }, row) => {
    const { completion } = example;
    const before = opening(example);
    ids.set(before, row * length);
    ids.set(completion.subarray(0, -1), row * length + before.length);
    const places = learnedPlaces(example);
    spans.push({ example: at, text: example, start: position, end: position + places.length });
    const weight = weigh(example);
    if (example.advantages) advantages!.set(example.advantages, position);
    places.forEach((offset, at) => {
      index[position] = row * length + before.length + offset - 1;
      targets[position] = completion[offset]!;
      weights[position] = example.compared?.[at] === 0 ? 0 : weight;
      position++;
    });
  });
  const source = sourceLength === null ? null : padPrompts(members.map(({ example }) => example.prompt), sourceLength);
  return {
    bucket: { batch: members.length, length, positions, source: sourceLength },
    spans, source,
    ids: int32(ids, [members.length, length]),
    index: int32(index, [positions]),
    targets: int32(targets, [positions]),
    weights: float32(weights, [positions]),
    advantages: advantages && float32(advantages, [positions]),
  };
}

/** What a graph of `hiddenStates` reads of a micro-batch. */
export function modelInputs({ ids, index, source }: MicroBatch): Record<string, Tensor> {
  return { ids, index, ...(source && { source: source.ids, source_padding: source.padding }) };
}
