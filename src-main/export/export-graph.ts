import { writeOnnx, type OnnxGraph, type WriteOptions } from '../graph/onnx/write.ts';
import { Graph } from '../graph/value.ts';
import { ExportedAttention } from '../nn/attention/exported.ts';
import { BATCH, ExportedSourceAttention, paddingOf, SOURCE } from '../nn/attention/exported-source.ts';
import { EncoderAttention } from '../nn/attention/source.ts';
import type { Decoder } from '../nn/decoder.ts';

/** A graph of an exported model, and the file that transformers.js looks for (without what names its precision). */
export interface ExportedPart { file: string; graph(decoder: Decoder, weights: WriteOptions['weights']): OnnxGraph }

/** A model as other programs expect it, in standard operators: a decoder is one graph, an encoder-decoder two. */
export function exportedParts({ encoder }: Decoder): ExportedPart[] {
  return encoder
    ? [{ file: 'encoder_model', graph: encoderGraph }, { file: 'decoder_model_merged', graph: sourceDecoderGraph }]
    : [{ file: 'model', graph: decoderGraph }];
}

/**
 * A decoder alone (the layout of transformers.js and ONNX Runtime GenAI).
 *
 * Inputs: input_ids, attention_mask, position_ids (int64), past_key_values.N.key and .value (float32).
 * Outputs: logits [batch, sequence, vocabulary] and present.N.key, .value.
 */
function decoderGraph(decoder: Decoder, weights: WriteOptions['weights']): OnnxGraph {
  if (decoder.contextLength === null) throw new Error('positions are prepared for a context of known length');
  const graph = new Graph();
  const ids = graph.input('input_ids', 'int64', ['batch', 'sequence']);
  const attention = new ExportedAttention(graph, ids, decoder.contextLength);
  const hidden = decoder.hidden(ids, attention);
  const logits = decoder.logits(hidden);
  return writeOnnx({ logits, ...attention.present }, { weights, dialect: 'onnx' });
}

/** Inputs: input_ids, attention_mask (int64). Output: last_hidden_state [batch, source, width]. */
function encoderGraph({ encoder }: Decoder, weights: WriteOptions['weights']): OnnxGraph {
  const graph = new Graph();
  const ids = graph.input('input_ids', 'int64', [BATCH, SOURCE]);
  const states = encoder!.states(ids, new EncoderAttention(paddingOf(graph.input('attention_mask', 'int64', [BATCH, SOURCE]))));
  return writeOnnx({ last_hidden_state: states }, { weights, dialect: 'onnx' });
}

/**
 * Inputs: input_ids, encoder_attention_mask (int64), encoder_hidden_states, and the past of decoder and encoder
 * (past_key_values.N.decoder.key, ...), all of them empty at first.
 * Outputs: logits [batch, sequence, vocabulary] and present.N.decoder.key, ...
 */
function sourceDecoderGraph(decoder: Decoder, weights: WriteOptions['weights']): OnnxGraph {
  const graph = new Graph();
  const ids = graph.input('input_ids', 'int64', [BATCH, 'decoder_sequence_length']);
  const attention = new ExportedSourceAttention(graph, decoder);
  const logits = decoder.logits(decoder.hidden(ids, attention));
  return writeOnnx({ logits, ...attention.present }, { weights, dialect: 'onnx' });
}
