import type { Port } from '../graph/onnx/write.ts';
import type { Graph, Value } from '../graph/value.ts';
import type { DeviceTensor } from '../runtime/device/device-memory.ts';
import type { StoredTensor, Tensor } from '../runtime/tensor.ts';
import { asInputs, type PlacedWeights } from '../runtime/weights.ts';
import type { Side } from './token-loss.ts';

/** What makes a distribution of what is handed over of a position: a model's output layer, of its hidden state. */
export interface OutputLayer {
  /** Numbers handed over of each position. */
  readonly hiddenSize: number;
  readonly unpacksOutput?: boolean;
  /**
   * [positions, width] to logits [positions, vocabulary].
   * @param logStudent  the student's log-probabilities [positions, shared vocabulary], where the other side is asked: who does not know all of its distribution fills it in from them
   */
  logits(hidden: Value, logStudent?: Value): Value;
  /** The likeliest token of each position, [positions] (int64), where it is known otherwise than from logits. */
  choice?(hidden: Value): Value;
  /** How much of the distribution is known, [positions], where it is not all of it. */
  covered?(hidden: Value): Value;
}

/** What makes logits of a model's hidden states, whatever its weights are kept in. */
export interface Head {
  readonly decoder: OutputLayer;
  /** Those that `logits` reads, among others. */
  readonly weights: PlacedWeights;
}

/** Which of two models in one graph. */
export type Who = 'student' | 'teacher';

const prefixOf = (who: Who): string => `${who}: `;

/** A side of the loss whose hidden states are an input of the graph, `WHO hidden` [positions, width], like the weights of its head. */
export function givenSide(graph: Graph, who: Who, { hiddenSize, logits, unpacksOutput, choice, covered }: OutputLayer, positions: number): Side {
  return {
    hidden: graph.input(hiddenName(who), 'float32', [positions, hiddenSize]),
    isUnpacked: unpacksOutput ?? false,
    logits: (hidden, logStudent) => graph.within(prefixOf(who), () => logits(hidden, logStudent)),
    ...(choice && { choice }), ...(covered && { covered: (hidden: Value) => graph.within(prefixOf(who), () => covered(hidden)) }),
  };
}

/** What a graph with a given side reads of its model. @param parameters  of the graph; those of others are left out */
export function sideInputs<Hidden extends Tensor | DeviceTensor>(who: Who, hidden: Hidden, { weights }: Pick<Head, 'weights'>, parameters: readonly Port[]): Record<string, StoredTensor | DeviceTensor | Hidden> {
  const prefix = prefixOf(who);
  const own = parameters.filter(({ name }) => name.startsWith(prefix)).map(({ name }) => ({ name: name.slice(prefix.length) }));
  const inputs = Object.entries(asInputs(weights, own)).map(([name, tensor]) => [prefix + name, tensor] as const);
  return { [hiddenName(who)]: hidden, ...Object.fromEntries(inputs) };
}

const hiddenName = (who: Who): string => `${who} hidden`;
