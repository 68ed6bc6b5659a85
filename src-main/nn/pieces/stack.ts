import type { Value } from '../../graph/value.ts';
import type { Attention } from '../attention/attention.ts';
import type { DecoderConfig } from '../decoder-config.ts';
import { plainly, type Decoder } from '../decoder.ts';
import type { Matrix, Table, WeightFormat } from '../weights/weight-format.ts';

/** In what families differ around their blocks. */
export interface StackParts {
  /** Names of the embedding and the output layer, where they are not Llama's. */
  embedding?: string;
  output?: string;
  /** What is made of looked-up embeddings before the first block. */
  embed?(x: Value): Value;
  convolutions?: Decoder['convolutions'];
  /** Matrices of experts, whose rows are looked up. With them a model is only asked, never trained. */
  banks?: readonly Table[];
  /** Whether nothing flows back through the blocks. */
  onlyTeaches?: boolean;
  block(x: Value, layer: number, attention: Attention): Value;
  /** After the last block. */
  last(x: Value): Value;
  /** What is made of the products with the output layer. */
  logits?(products: Value): Value;
}

/** A decoder: an embedding, blocks one after the other, a last norm, and an output layer that may be the embedding. */
export function stack(config: DecoderConfig, weights: WeightFormat, parts: StackParts): Decoder {
  const { vocabSize, hiddenSize, kvHeads, headDim, layers, contextLength } = config;
  const { embed = same, logits = same } = parts;
  const embedding: Table = { name: parts.embedding ?? 'model.embed_tokens.weight', shape: [vocabSize, hiddenSize] };
  const outputLayer: Matrix = { name: config.tiedEmbeddings ? embedding.name : parts.output ?? 'lm_head.weight', shape: embedding.shape, layout: 'out-in' };
  return {
    vocabSize, hiddenSize, kvHeads, headDim, layers, contextLength, outputLayer,
    convolutions: parts.convolutions ?? new Map(),
    tables: [embedding, ...parts.banks ?? []],
    ...((parts.banks || parts.onlyTeaches) && { onlyTeaches: true }),
    encoder: null,
    hidden(ids, attention, around = plainly) {
      let x = embed(weights.lookUp(ids, embedding));
      for (let layer = 0; layer < layers; layer++) x = around(x, (input) => parts.block(input, layer, attention));
      return parts.last(x);
    },
    logits: (hidden) => logits(weights.multiply(hidden, outputLayer)),
  };
}

const same = (x: Value): Value => x;
