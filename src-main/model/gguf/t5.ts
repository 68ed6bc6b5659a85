import type { GgufContents } from './contents.ts';
import { tensor } from './decoder-plan.ts';
import { ArchitectureKeys, type Plan, type PlannedTensor } from './plan.ts';

/** Plans T5 and its kin, whose names are those of llama.cpp's `t5`; an encoder by itself (`t5encoder`) is no language model. */
export function planT5(file: GgufContents): Plan {
  const keys = new ArchitectureKeys(file.metadata, 't5');
  const hiddenSize = keys.count('embedding_length');
  const intermediateSize = keys.count('feed_forward_length');
  const encoderLayers = keys.count('block_count');
  const layers = keys.count('decoder_block_count', encoderLayers);
  const heads = keys.count('attention.head_count');
  const headDim = keys.count('attention.key_length', hiddenSize / heads);
  const buckets = keys.count('attention.relative_buckets_count');
  const contextLength = keys.count('context_length');
  const epsilon = keys.number('attention.layer_norm_rms_epsilon');
  keys.only('attention.value_length', headDim);
  keys.only('attention.layer_norm_epsilon', epsilon);
  const vocabSize = file.shape('token_embd.weight')[0]!;
  const tied = !file.has('output.weight');
  const isGated = file.has('enc.blk.0.ffn_gate.weight');
  const biasInEveryLayer = encoderLayers > 1 && file.has('enc.blk.1.attn_rel_b.weight');
  const config = {
    architectures: [biasInEveryLayer ? 'UMT5ForConditionalGeneration' : 'T5ForConditionalGeneration'], model_type: biasInEveryLayer ? 'umt5' : 't5', is_encoder_decoder: true,
    vocab_size: vocabSize, d_model: hiddenSize, d_ff: intermediateSize, d_kv: headDim, num_heads: heads, num_layers: encoderLayers, num_decoder_layers: layers,
    layer_norm_epsilon: epsilon, relative_attention_num_buckets: buckets, relative_attention_max_distance: 128,
    // Which activation goes with it has no key: llama.cpp takes these two.
    feed_forward_proj: isGated ? 'gated-gelu' : 'relu', tie_word_embeddings: tied,
    decoder_start_token_id: keys.index('decoder_start_token_id', 0),
  };
  keys.refuseRest();
  const tensors = [
    tensor('shared', 'token_embd', [vocabSize, hiddenSize]),
    ...Array.from({ length: encoderLayers }, (_, layer) => block('encoder', 'enc', layer)).flat(),
    tensor('encoder.final_layer_norm', 'enc.output_norm', [hiddenSize]),
    ...Array.from({ length: layers }, (_, layer) => block('decoder', 'dec', layer)).flat(),
    tensor('decoder.final_layer_norm', 'dec.output_norm', [hiddenSize]),
    ...(tied ? [] : [tensor('lm_head', 'output', [vocabSize, hiddenSize])]),
  ];
  return { modelType: config.model_type, config, vocabSize, contextLength, tensors };

  function block(stack: 'encoder' | 'decoder', short: 'enc' | 'dec', layer: number): PlannedTensor[] {
    const [to, from] = [`${stack}.block.${layer}`, `${short}.blk.${layer}`];
    const last = `${to}.layer.${stack === 'encoder' ? 1 : 2}`;
    const wide = `${last}.DenseReluDense`;
    return [
      ...attention(`${to}.layer.0`, 'SelfAttention', `${from}.attn`),
      ...(layer === 0 || biasInEveryLayer ? [tensor(`${to}.layer.0.SelfAttention.relative_attention_bias`, `${from}.attn_rel_b`, [buckets, heads])] : []),
      ...(stack === 'decoder' ? attention(`${to}.layer.1`, 'EncDecAttention', `${from}.cross_attn`) : []),
      tensor(`${last}.layer_norm`, `${from}.ffn_norm`, [hiddenSize]),
      ...(isGated ? [tensor(`${wide}.wi_0`, `${from}.ffn_gate`, [intermediateSize, hiddenSize])] : []),
      tensor(isGated ? `${wide}.wi_1` : `${wide}.wi`, `${from}.ffn_up`, [intermediateSize, hiddenSize]),
      tensor(`${wide}.wo`, `${from}.ffn_down`, [hiddenSize, intermediateSize]),
    ];
  }

  function attention(to: string, kind: string, from: string): PlannedTensor[] {
    const inner = heads * headDim;
    return [
      tensor(`${to}.layer_norm`, `${from}_norm`, [hiddenSize]),
      ...['q', 'k', 'v'].map((part) => tensor(`${to}.${kind}.${part}`, `${from}_${part}`, [inner, hiddenSize])),
      tensor(`${to}.${kind}.o`, `${from}_o`, [hiddenSize, inner]),
    ];
  }
}
