import { DTYPES } from '../dtype.ts';
import { made } from '../onnx/node-writer.ts';
import { dimAt } from '../shape.ts';
import { apply, type Operator, type Value } from '../value.ts';
import type { Length } from './distances.ts';

type PositionMask = { keys: Length['dim']; window: number | null; masked: number };

const operator: Operator<PositionMask> = {
  name: 'positionMask',
  infer: ([positions], { keys }) => [{ dtype: 'float32', shape: [dimAt(positions!.shape, 0), 1, dimAt(positions!.shape, 1), keys] }],
  emit: ({ inputs: [positions, count], outputs, attributes: { window, masked } }, writer) => {
    const int64 = (number: number): string => writer.constant('int64', [], BigInt64Array.of(BigInt(number)));
    const float = (number: number): string => writer.constant('float32', [], Float32Array.of(number));
    const narrow = (x: Value | string): string => made(writer, 'Cast', [x], { to: DTYPES.int32.code });
    const columns = narrow(made(writer, 'Range', [int64(0), count!, int64(1)]));
    const rows = made(writer, 'Unsqueeze', [narrow(positions!), writer.constant('int64', [2], BigInt64Array.of(1n, 3n))]);
    const nothing = float(masked);
    const seen = window === null ? float(0) : made(writer, 'Where', [
      made(writer, 'Less', [columns, made(writer, 'Sub', [rows, writer.constant('int32', [], Int32Array.of(window - 1))])]), nothing, float(0)]);
    writer.node('Where', [made(writer, 'Less', [rows, columns]), nothing, seen], outputs);
  },
};

/**
 * 0 where a token may look at a key and `masked` where the key stands behind it or out of its window: [batch, 1, sequence, keys].
 *
 * @param positions  of the tokens, [batch, sequence] (int64); the keys stand at 0 and on
 * @param window     how many positions back a token sees, itself included; null for all
 */
export function positionMask(positions: Value, keys: Length, window: number | null, masked: number): Value {
  return apply(operator, [positions, keys.count], { keys: keys.dim, window, masked });
}
