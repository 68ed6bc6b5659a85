import type { Tf, TfTensor } from '../library.ts';
import { input, number, unknownForm, type Call, type Kernels } from './kernel.ts';

export const attention: Kernels = { GroupQueryAttention: cachedAttention };

/** Where a text's own inputs stand; between them are tables of a rotation that has been made already. */
const AT = { query: 0, key: 1, value: 2, pastKey: 3, pastValue: 4, last: 5, total: 6, cos: 7, positions: 9, bias: 10, sinks: 11 } as const;
const MASKED = -1e30;

/**
 * Attention of new positions over a cache and themselves, as ONNX Runtime's operator has it. The cache that comes out is
 * another: nothing is written in place here.
 */
function cachedAttention(call: Call): TfTensor[] {
  const { tf } = call;
  if (call.inputs[AT.cos] ?? call.inputs[AT.positions]) throw unknownForm(call, 'that turns what it is given by itself');
  const query = input(call, AT.query);
  const [batch, length, width] = query.shape as [number, number, number];
  const heads = number(call, 'num_heads', 0);
  const kvHeads = number(call, 'kv_num_heads', 0);
  const own = width / heads;
  const total = call.numbers(AT.total)[0]!;
  // Rows of a prompt are padded behind their end; those of later tokens end where they are.
  const ends = call.numbers(AT.last);
  const begins = ends.map((last) => (length === total ? 0 : last + 1 - length));
  const present = [AT.key, AT.value].map((at) => grown(tf, input(call, at), input(call, at + 2), begins));
  const [keys, values] = present.map((cache) => tf.slice(cache, [0, 0, 0, 0], [batch, kvHeads, total, own])) as [TfTensor, TfTensor];
  // Query heads that share a key head stand below each other.
  const grouped = tf.reshape(tf.transpose(tf.reshape(query, [batch, length, heads, own]), [0, 2, 1, 3]), [batch, kvHeads, (heads / kvHeads) * length, own]);
  const scale = number(call, 'scale', 0) || 1 / Math.sqrt(own);
  const products = tf.mul(tf.matMul(grouped, keys, false, true), tf.scalar(scale));
  const scores = tf.reshape(products, [batch, heads, length, total]);
  const weights = softmaxOf(call, masked(call, bent(call, scores), begins));
  const context = tf.matMul(tf.reshape(weights, grouped.shape.map((dim, axis) => (axis === 3 ? total : dim))), values, false, false);
  const joined = tf.transpose(tf.reshape(context, [batch, heads, length, own]), [0, 2, 1, 3]);
  return [tf.reshape(joined, [batch, length, width]), ...present];
}

/** A cache [batch, heads, capacity, width] with new tokens [batch, length, heads * width] from each row's place on. */
function grown(tf: Tf, added: TfTensor, past: TfTensor, begins: readonly number[]): TfTensor {
  const [batch, heads, capacity, width] = past.shape as [number, number, number, number];
  const length = added.shape[1]!;
  const from = begins.flatMap((begin) => Array.from({ length: capacity }, (_, column) => column - begin));
  const which = tf.tensor(Int32Array.from(from, (at) => Math.min(length - 1, Math.max(0, at))), [batch, capacity], 'int32');
  const isNew = tf.tensor(Uint8Array.from(from, (at) => Number(at >= 0 && at < length)), [batch, 1, capacity, 1], 'bool');
  const moved = tf.transpose(tf.reshape(tf.gather(added, which, 1, 1), [batch, capacity, heads, width]), [0, 2, 1, 3]);
  return tf.where(isNew, moved, past);
}

function bent(call: Call, scores: TfTensor): TfTensor {
  const { tf } = call;
  const cap = number(call, 'softcap', 0);
  const held = cap === 0 ? scores : tf.mul(tf.tanh(tf.mul(scores, tf.scalar(1 / cap))), tf.scalar(cap));
  const bias = call.inputs[AT.bias];
  return bias ? tf.add(held, bias) : held;
}

/** Scores [batch, heads, length, total] but for keys behind a query, or out of its window. */
function masked(call: Call, scores: TfTensor, begins: readonly number[]): TfTensor {
  const { tf } = call;
  const [batch, , length, total] = scores.shape as [number, number, number, number];
  const window = number(call, 'local_window_size', -1);
  const seen = new Uint8Array(batch * length * total);
  begins.forEach((begin, row) => {
    for (let query = 0; query < length; query++) {
      const place = begin + query;
      const first = window > 0 ? Math.max(0, place - window + 1) : 0;
      const start = (row * length + query) * total;
      seen.fill(1, start + Math.min(first, total), start + Math.min(place + 1, total));
    }
  });
  return tf.where(tf.tensor(seen, [batch, 1, length, total], 'bool'), scores, tf.scalar(MASKED));
}

/** A head's sink takes part of the softmax, and of nothing else. */
function softmaxOf(call: Call, scores: TfTensor): TfTensor {
  const { tf } = call;
  const sinks = call.inputs[AT.sinks];
  if (!sinks) return tf.softmax(scores);
  const [batch, heads, length, total] = scores.shape as [number, number, number, number];
  const beside = tf.broadcastTo(tf.reshape(sinks, [1, heads, 1, 1]), [batch, heads, length, 1]);
  return tf.slice(tf.softmax(tf.concat([scores, beside], 3)), [0, 0, 0, 0], [batch, heads, length, total]);
}
