import { int32, float32, type Tensor } from '../runtime/tensor.ts';
import { roundUp, type Bucket } from './bucket.ts';

/** A text to learn from: only its completion is judged. */
export interface TrainingExample {
  /** Index in the training data. */
  index: number;
  prompt: Int32Array;
  completion: Int32Array;
  /** Whether the student wrote the completion itself. */
  isOnPolicy: boolean;
}

/** Examples laid out for one run of the train graph. */
export interface MicroBatch {
  bucket: Bucket;
  ids: Tensor;
  /** Where each learned position lies among the rows' hidden states, [positions]. */
  index: Tensor;
  targets: Tensor;
  weights: Tensor;
  /** The examples in it (their place in the batch), and where each one's positions begin and end. */
  spans: { example: number; start: number; end: number }[];
}

/**
 * Cuts a batch into micro-batches. What a position weighs comes from the whole batch, so neither the split, the
 * padding nor the order changes the loss; examples of like length go together because that pads least.
 *
 * reduction `sequence`: 1 / (completions x length of its own); `token`: 1 / tokens of all completions.
 */
export function layOut(examples: readonly TrainingExample[], microBatchSize: number, reduction: 'sequence' | 'token'): MicroBatch[] {
  const order = examples
    .map((example, at) => ({ example, at, length: example.prompt.length + example.completion.length }))
    .filter(({ example }) => example.completion.length > 0)
    .sort((a, b) => b.length - a.length || a.at - b.at);
  const tokens = order.reduce((sum, { example }) => sum + example.completion.length, 0);
  const weigh = (example: TrainingExample): number =>
    (reduction === 'token' ? 1 / tokens : 1 / (order.length * example.completion.length));
  const batches: MicroBatch[] = [];
  for (let start = 0; start < order.length; start += microBatchSize) {
    batches.push(microBatch(order.slice(start, start + microBatchSize), weigh));
  }
  return batches;
}

function microBatch(members: readonly { example: TrainingExample; at: number; length: number }[], weigh: (example: TrainingExample) => number): MicroBatch {
  // The last token of a text is only ever a target, never an input.
  const length = roundUp(Math.max(...members.map((member) => member.length)) - 1, SHORTEST);
  const learned = members.reduce((sum, { example }) => sum + example.completion.length, 0);
  const bucket = { batch: members.length, length, positions: roundUp(learned, SHORTEST) };
  const ids = new Int32Array(bucket.batch * length);
  const index = new Int32Array(bucket.positions);
  const targets = new Int32Array(bucket.positions);
  const weights = new Float32Array(bucket.positions);
  const spans: MicroBatch['spans'] = [];
  let position = 0;
  members.forEach(({ example, at }, row) => {
    const { prompt, completion } = example;
    ids.set(prompt, row * length);
    ids.set(completion.subarray(0, -1), row * length + prompt.length);
    spans.push({ example: at, start: position, end: position + completion.length });
    const weight = weigh(example);
    completion.forEach((token, offset) => {
      index[position] = row * length + prompt.length + offset - 1;
      targets[position] = token;
      weights[position] = weight;
      position++;
    });
  });
  return {
    bucket, spans,
    ids: int32(ids, [bucket.batch, length]),
    index: int32(index, [bucket.positions]),
    targets: int32(targets, [bucket.positions]),
    weights: float32(weights, [bucket.positions]),
  };
}

const SHORTEST = 16;
