import type { Port } from '../graph/onnx/write.ts';
import type { Graph } from '../graph/value.ts';
import type { Decoder } from '../nn/decoder.ts';
import type { StoredTensor, Tensor } from '../runtime/tensor.ts';
import { asInputs, type Weights } from '../runtime/weights.ts';
import type { Side } from './token-loss.ts';

/** What makes logits of a model's hidden states, whatever its weights are kept in. */
export interface Head {
  readonly decoder: Pick<Decoder, 'hiddenSize' | 'logits' | 'unpacksOutput'>;
  /** Those that `logits` reads, among others. */
  readonly weights: Weights;
}

/** Which of two models in one graph. */
export type Who = 'student' | 'teacher';

const prefixOf = (who: Who): string => `${who}: `;

/** A side of the loss whose hidden states are an input of the graph, `WHO hidden` [positions, width], like the weights of its head. */
export function givenSide(graph: Graph, who: Who, { hiddenSize, logits, unpacksOutput }: Head['decoder'], positions: number): Side {
  return {
    hidden: graph.input(hiddenName(who), 'float32', [positions, hiddenSize]),
    isUnpacked: unpacksOutput ?? false,
    logits: (hidden) => graph.within(prefixOf(who), () => logits(hidden)),
  };
}

/** What a graph with a given side reads of its model. @param parameters  of the graph; those of others are left out */
export function sideInputs(who: Who, hidden: Tensor, { weights }: Pick<Head, 'weights'>, parameters: readonly Port[]): Record<string, StoredTensor> {
  const prefix = prefixOf(who);
  const own = parameters.filter(({ name }) => name.startsWith(prefix)).map(({ name }) => ({ name: name.slice(prefix.length) }));
  const inputs = Object.entries(asInputs(weights, own)).map(([name, tensor]) => [prefix + name, tensor] as const);
  return { [hiddenName(who)]: hidden, ...Object.fromEntries(inputs) };
}

const hiddenName = (who: Who): string => `${who} hidden`;
