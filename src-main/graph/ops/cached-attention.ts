import { dimAt, staticDim } from '../shape.ts';
import type { Operator, Value } from '../value.ts';
import { MICROSOFT } from '../onnx/node-writer.ts';

type CachedAttention = {
  heads: number;
  kvHeads: number;
  scale: number;
  /** Bends scores beyond it back by tanh; null leaves them. */
  softCap: number | null;
  /** Positions back a row sees, itself included; -1 for all. */
  window: number;
  /** Which of the optional inputs there are. */
  hasBias: boolean;
  hasSinks: boolean;
};

/** Inputs that are always there. */
const REQUIRED = 7;

const operator: Operator<CachedAttention> = {
  name: 'cachedAttention',
  infer: ([query, key, , pastKey], { heads, kvHeads }) => {
    const width = staticDim(query!.shape, -1) / heads;
    if (staticDim(key!.shape, -1) !== kvHeads * width || dimAt(pastKey!.shape, 1) !== kvHeads) {
      throw new Error('keys do not have the width of the queries\' heads');
    }
    const present = { dtype: pastKey!.dtype, shape: pastKey!.shape };
    return [{ dtype: query!.dtype, shape: query!.shape }, present, present];
  },
  emit: ({ inputs, outputs, attributes: { heads, kvHeads, scale, softCap, window, hasBias, hasSinks } }, writer) => {
    const optional = inputs.slice(REQUIRED).values();
    const next = (isThere: boolean): Value | string => (isThere ? optional.next().value! : '');
    // Between them stand the tables of a rotation that has been made already, and positions.
    const more = hasBias || hasSinks ? ['', '', '', next(hasBias), ...(hasSinks ? [next(true)] : [])] : [];
    writer.node('GroupQueryAttention', [...inputs.slice(0, REQUIRED), ...more], outputs,
      { num_heads: heads, kv_num_heads: kvHeads, scale: { float: scale }, softcap: { float: softCap ?? 0 }, local_window_size: window }, MICROSOFT);
  },
};

export interface CachedAttentionInputs {
  /** [batch, sequence, heads * width], keys and values [batch, sequence, kvHeads * width], rotated already. */
  query: Value;
  key: Value;
  value: Value;
  /** The cache, [batch, kvHeads, capacity, width]; given again as the output's tensor it grows in place. */
  pastKey: Value;
  pastValue: Value;
  /** Index of each row's last real position, [batch] (int32): rows may differ in length. */
  lastPosition: Value;
  /** Length of the longest row, [1] (int32). */
  totalLength: Value;
  /** Added to the scores, [1, heads, sequence, total]. */
  bias: Value | null;
  /** A score for each head that shares the softmax, [heads]. */
  sinks: Value | null;
}

/** Causal attention of new positions over a cache and themselves, which are written into the cache. Not differentiable. */
export function cachedAttention(at: CachedAttentionInputs, attributes: Omit<CachedAttention, 'hasBias' | 'hasSinks'>): { context: Value; presentKey: Value; presentValue: Value } {
  const inputs = [at.query, at.key, at.value, at.pastKey, at.pastValue, at.lastPosition, at.totalLength, ...(at.bias ? [at.bias] : []), ...(at.sinks ? [at.sinks] : [])];
  const [context, presentKey, presentValue] = at.query.graph.apply(operator, inputs, { ...attributes, hasBias: at.bias !== null, hasSinks: at.sinks !== null }) as [Value, Value, Value];
  return { context, presentKey, presentValue };
}
