import { causalMask, lengthAlong } from '../../graph/ops/distances.ts';
import { mul, sub } from '../../graph/ops/elementwise.ts';
import { cast, concat, dropFirst, reshape } from '../../graph/ops/layout.ts';
import { dimAt } from '../../graph/shape.ts';
import type { Graph, Value } from '../../graph/value.ts';
import type { Decoder, Encoder } from '../decoder.ts';
import type { Attention, AttentionCall, SourceCall } from './attention.ts';
import { attentionCore, MASKED } from './core.ts';
import { joinHeads, splitHeads } from './heads.ts';
import { attendSource } from './source.ts';

/** What exported graphs call their open dimensions; programs that use them look for the batch by this name. */
export const BATCH = 'batch_size';
export const SOURCE = 'encoder_sequence_length';

/** A mask of ones and zeros [batch, source] (int64) as what is added to scores, [batch, 1, 1, source]. */
export function paddingOf(mask: Value): Value {
  const missing = sub(1, cast(mask, 'float32'));
  return reshape(mul(missing, MASKED), [dimAt(mask.shape, 0), 1, 1, dimAt(mask.shape, 1)]);
}

/**
 * A decoder's attention behind an encoder as exported models spell it, in standard operators. Its own past grows
 * (`past_key_values.N.decoder.key`); what it sees of the encoder is made from encoder_hidden_states as long as
 * `past_key_values.N.encoder.key` is empty, and is taken from there afterwards.
 */
export class ExportedSourceAttention implements Attention {
  readonly present: Record<string, Value> = {};
  private readonly graph: Graph;
  private readonly encoder: Encoder;
  private readonly kvHeads: number;
  private readonly headDim: number;
  private readonly states: Value;
  private readonly padding: Value;

  constructor(graph: Graph, { encoder, kvHeads, headDim, hiddenSize }: Decoder) {
    if (!encoder) throw new Error('a decoder alone is exported in one part');
    this.graph = graph;
    this.encoder = encoder;
    this.kvHeads = kvHeads;
    this.headDim = headDim;
    this.states = graph.input('encoder_hidden_states', 'float32', [BATCH, SOURCE, hiddenSize]);
    this.padding = paddingOf(graph.input('encoder_attention_mask', 'int64', [BATCH, SOURCE]));
  }

  get positions(): Value {
    throw new Error('exported encoder-decoders know their positions by distance');
  }

  attend({ layer, query, key, value, heads, headDim, scale, bias }: AttentionCall): Value {
    const q = splitHeads(query, heads, headDim);
    const keys = this.extended(layer, 'decoder', 'key', 'past_decoder_sequence_length', splitHeads(key, heads, headDim));
    const values = this.extended(layer, 'decoder', 'value', 'past_decoder_sequence_length', splitHeads(value, heads, headDim));
    const [rows, columns] = [lengthAlong(q, 2), lengthAlong(keys, 2)];
    const context = attentionCore(q, keys, values, {
      scale, mask: causalMask(rows, columns, MASKED), bias: bias && bias.between(rows, columns),
    });
    return joinHeads(context, heads, headDim);
  }

  lookBack(): never {
    throw new Error('exported encoder-decoders have no convolutions');
  }

  recur(): never {
    throw new Error('exported encoder-decoders remember by attention');
  }

  attendSource(call: SourceCall): Value {
    return attendSource(call, {
      padding: this.padding,
      keysAndValues: (layer) => {
        const past = this.past(layer, 'encoder', 'key', 'encoder_sequence_length_out');
        // Nothing is left to project once the past holds the whole prompt.
        const unseen = dropFirst(this.states, 1, lengthAlong(past, 2).count, 'unseen');
        const { key, value } = this.encoder.keysAndValues(unseen, layer);
        const extend = (part: 'key' | 'value', x: Value): Value => {
          const whole = this.extended(layer, 'encoder', part, 'encoder_sequence_length_out', splitHeads(x, this.kvHeads, this.headDim));
          // What is past and what is not make the whole prompt, which only we know.
          return reshape(whole, [BATCH, this.kvHeads, SOURCE, this.headDim]);
        };
        return { key: extend('key', key), value: extend('value', value) };
      },
    });
  }

  private past(layer: number, side: 'encoder' | 'decoder', part: 'key' | 'value', length: string): Value {
    return this.graph.input(`past_key_values.${layer}.${side}.${part}`, 'float32', [BATCH, this.kvHeads, length, this.headDim]);
  }

  private extended(layer: number, side: 'encoder' | 'decoder', part: 'key' | 'value', length: string, more: Value): Value {
    const whole = concat([this.past(layer, side, part, length), more], 2);
    this.present[`present.${layer}.${side}.${part}`] = whole;
    return whole;
  }
}
