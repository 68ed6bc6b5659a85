import { DTYPES } from '../dtype.ts';
import { made, type NodeWriter } from '../onnx/node-writer.ts';
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
    const { int, node, low, shifted, given } = writer.dialect === 'webgpu' ? withoutBits(writer) : withBits(writer);
    let hash = low(node('Add', node('Mul', given(rows!), int(BigInt(factor))), given(columns!)));
    for (const [by, odd] of ROUNDS) hash = low(node('Mul', shifted(hash, by), int(odd)));
    const isKept = node('GreaterOrEqual', shifted(hash, LAST), int(BigInt(Math.round((1 - share) * 2 ** 31))));
    const kept = writer.temporary();
    writer.node('Cast', [isKept], [kept], { to: 1 });
    writer.node('Mul', [kept, writer.constant('float32', [], Float32Array.of(1 / share))], outputs);
  },
};

/** Arithmetic on the lowest 31 bits. */
interface Bits {
  int(value: bigint): string;
  node(type: string, ...inputs: (Value | string)[]): string;
  low(x: string): string;
  /** x with itself shifted to the right, where they differ: by 15 bits or more. */
  shifted(x: string, by: bigint): string;
  given(keys: Value): Value | string;
}

const nodesOf = (writer: NodeWriter): Bits['node'] => (type, ...inputs) => made(writer, type, inputs);

function withBits(writer: NodeWriter): Bits {
  const int = (value: bigint): string => writer.constant('int64', [], BigInt64Array.of(value));
  const node = nodesOf(writer);
  return {
    int, node, given: (keys) => keys,
    low: (x) => node('BitwiseAnd', x, int(BITS)),
    shifted: (x, by) => node('BitwiseXor', x, node('Div', x, int(2n ** by))),
  };
}

/** The same numbers for WebGPU, which has no operators on bits: int32 goes round where it overflows, and a table knows in which bits two bytes differ. */
function withoutBits(writer: NodeWriter): Bits {
  const int = (value: bigint): string => writer.constant('int32', [], Int32Array.of(Number(value)));
  const node = nodesOf(writer);
  const parts = (x: string, unit: bigint): { high: string; low: string } => {
    const high = node('Div', x, int(unit));
    return { high, low: node('Sub', x, node('Mul', high, int(unit))) };
  };
  const differing = (a: string, b: string): string => node('Gather', differences(writer), node('Add', node('Mul', a, int(BYTE)), b));
  return {
    int, node, given: (keys) => made(writer, 'Cast', [keys], { to: DTYPES.int32.code }),
    low: (x) => node('Where', node('Less', x, int(0n)), node('Sub', x, int(-(2n ** 31n))), x),
    shifted: (x, by) => {
      const { low } = parts(x, BYTE * BYTE);
      const [a, b] = [parts(low, BYTE), parts(node('Div', x, int(2n ** by)), BYTE)];
      return node('Add', node('Sub', x, low), node('Add', node('Mul', differing(a.high, b.high), int(BYTE)), differing(a.low, b.low)));
    },
  };
}

const BYTE = 256n;
const tables = new WeakMap<NodeWriter, string>();

/** Of two bytes, at 256 times the one and the other: the bits in which they differ. */
function differences(writer: NodeWriter): string {
  const known = tables.get(writer) ?? writer.constant('int32', [2 ** 16], Int32Array.from({ length: 2 ** 16 }, (_, at) => (at >> 8) ^ (at & 255)));
  tables.set(writer, known);
  return known;
}

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
