import type { TfTensor } from '../library.ts';
import { input, isSet, number, unknownForm, type Call, type Kernels } from './kernel.ts';

export const rotary: Kernels = { RotaryEmbedding: rotated };

/** Pairs (a, b) of the front of each head become (a cos - b sin, b cos + a sin). */
function rotated(call: Call): TfTensor {
  const { tf } = call;
  const [x, positions, cos, sin] = [input(call, 0), input(call, 1), input(call, 2), input(call, 3)];
  if (x.rank !== 3) throw unknownForm(call, 'but for [batch, sequence, width]');
  const [batch, length, width] = x.shape as [number, number, number];
  const heads = number(call, 'num_heads', 0);
  const half = cos.shape[1]!;
  const [own, turned] = [width / heads, 2 * half];
  const areNeighbours = isSet(call, 'interleaved');
  const apart = tf.reshape(x, [batch, length, heads, own]);
  const [front, rest] = turned === own ? [apart] : tf.split(apart, [turned, own - turned], 3);
  // Neighbours stand in the last axis of [..., half, 2], halves in that of [..., 2 half].
  const pairs = areNeighbours ? tf.reshape(front!, [batch, length, heads, half, 2]) : front!;
  const sizes = areNeighbours ? [1, 1] : [half, half];
  const [a, b] = tf.split(pairs, sizes, pairs.rank - 1) as [TfTensor, TfTensor];
  // Of each token its own, or that of the first of each text.
  const rowsOf = (table: TfTensor): TfTensor => (positions.rank === 2 ? tf.gather(table, positions, 0, 0) : tf.slice(table, [call.numbers(1)[0]!, 0], [length, half]));
  const angle = (table: TfTensor): TfTensor => tf.reshape(rowsOf(table), [positions.rank === 2 ? batch : 1, length, 1, half, ...(areNeighbours ? [1] : [])]);
  const [c, s] = [angle(cos), angle(sin)];
  const left = tf.sub(tf.mul(a, c), tf.mul(b, s));
  const right = tf.add(tf.mul(b, c), tf.mul(a, s));
  const both = tf.reshape(tf.concat([left, right], pairs.rank - 1), [batch, length, heads, turned]);
  return tf.reshape(rest ? tf.concat([both, rest], 3) : both, x.shape);
}
