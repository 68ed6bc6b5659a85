import { dimAt } from '../shape.ts';
import { apply, type Operator, type Value } from '../value.ts';

/** All numbers stay below 2^31, so that products of two fit 63 bits. */
const BITS = 2n ** 31n - 1n;
/** Of two rounds that spread every bit over all: a shift to the right, and an odd factor. */
const ROUNDS = [[16n, 0x45d9f3bn], [15n, 0x5bd1e995n]] as const;
const LAST = 16n;

type Keep = { factor: number; share: number; use: string };

const keepOperator: Operator<Keep> = {
  name: 'keepMask',
  infer: ([rows, columns]) => [{ dtype: 'float32', shape: [...rows!.shape.slice(0, -1), dimAt(columns!.shape, -1)] }],
  emit: ({ inputs: [rows, columns], outputs, attributes: { factor, share } }, writer) => {
    const int = (value: bigint): string => writer.constant('int64', [], BigInt64Array.of(value));
    const node = (type: string, ...inputs: (Value | string)[]): string => {
      const name = writer.temporary();
      writer.node(type, inputs, [name]);
      return name;
    };
    const low = (x: string): string => node('BitwiseAnd', x, int(BITS));
    const shifted = (x: string, by: bigint): string => node('BitwiseXor', x, node('Div', x, int(2n ** by)));
    let hash = low(node('Add', node('Mul', rows!, int(BigInt(factor))), columns!));
    for (const [by, odd] of ROUNDS) hash = low(node('Mul', shifted(hash, by), int(odd)));
    const isKept = node('GreaterOrEqual', shifted(hash, LAST), int(BigInt(Math.round((1 - share) * 2 ** 31))));
    const kept = writer.temporary();
    writer.node('Cast', [isKept], [kept], { to: 1 });
    writer.node('Mul', [kept, writer.constant('float32', [], Float32Array.of(1 / share))], outputs);
  },
};

/**
 * Numbers of which a share is 1 / share and the rest 0, each decided by the keys of its row and its column alone.
 *
 * @param rows     [..., 1] (int64), whole numbers below 2^31 that are as good as random
 * @param columns  [n] (int64), likewise
 * @param factor   odd and below 2^31: tells masks of the same rows and columns apart
 * @param use      the same mask is made once for each use
 */
export function keepMask(rows: Value, columns: Value, { factor, share, use }: Keep): Value {
  return apply(keepOperator, [rows, columns], { factor, share, use });
}
