import { made, type NodeWriter } from '../onnx/node-writer.ts';
import { throughFloats } from '../onnx/through-floats.ts';
import { broadcast } from '../shape.ts';
import { apply, type Operator, type Value } from '../value.ts';

/** Operations on the bits of bytes (uint8). Nothing flows back through them. */
type Amount = { /** Of shape [..., 1], beside the last axis of one or more. */ shape: readonly number[]; amount: readonly number[] };

/** The same by floats, which hold every byte exactly, for WebGPU, which has no operations on bits. */
type ByFloats = (x: string, attributes: Amount, writer: NodeWriter) => string;

function withConstant(name: string, type: string, byFloats: ByFloats, attributes: Readonly<Record<string, string>> = {}): (x: Value, amount: number | readonly number[]) => Value {
  const operator: Operator<Amount> = {
    name,
    infer: ([x], { shape }) => [{ dtype: 'uint8', shape: broadcast(x!.shape, shape) }],
    emit: ({ inputs: [x], outputs, attributes: { shape, amount } }, writer) => {
      if (writer.dialect === 'webgpu') {
        throughFloats([x!], outputs[0]!, writer, ([float]) => byFloats(float!, { shape, amount }, writer));
        return;
      }
      writer.node(type, [x!, writer.constant('uint8', shape, Uint8Array.from(amount))], outputs, attributes);
    },
  };
  return (x, amount) => {
    if (x.dtype !== 'uint8') throw new Error(`${name} is for bytes`);
    return apply(operator, [x], typeof amount === 'number' ? { shape: [], amount: [amount] } : { shape: [amount.length, 1], amount });
  };
}

/** The bits that are set in `mask` as well. */
export const and = withConstant('and', 'BitwiseAnd', masked);
/** A list of amounts stands along the last axis but one, where x [..., 1, n] has a single element. */
export const shiftRight = withConstant('shiftRight', 'BitShift', (x, by, writer) => whole(scaled(x, by, -1, writer), writer), { direction: 'RIGHT' });
export const shiftLeft = withConstant('shiftLeft', 'BitShift', (x, by, writer) => below(scaled(x, by, 1, writer), 256, writer), { direction: 'LEFT' });
export const flip = withConstant('flip', 'BitwiseXor', flipped);

const orOperator: Operator = {
  name: 'or',
  infer: ([a, b]) => [{ dtype: 'uint8', shape: broadcast(a!.shape, b!.shape) }],
  emit: ({ inputs, outputs }, writer) => {
    if (writer.dialect === 'webgpu') throughFloats(inputs, outputs[0]!, writer, (floats) => made(writer, 'Add', floats));
    else writer.node('BitwiseOr', inputs, outputs);
  },
};

/** The bits that are set in either of two values, which have none in common. */
export const or = (a: Value, b: Value): Value => apply(orOperator, [a, b], {});

const float = (writer: NodeWriter, number: number): string => writer.constant('float32', [], Float32Array.of(number));
const whole = (x: string, writer: NodeWriter): string => made(writer, 'Floor', [x]);

/** Times 2 to the power of the amounts, or of what they are short of zero. */
function scaled(x: string, { shape, amount }: Amount, sign: 1 | -1, writer: NodeWriter): string {
  return made(writer, 'Mul', [x, writer.constant('float32', shape, Float32Array.from(amount, (by) => 2 ** (sign * by)))]);
}

/** What is left of x after whole multiples of a power of two. */
function below(x: string, limit: number, writer: NodeWriter): string {
  const multiples = made(writer, 'Mul', [whole(made(writer, 'Mul', [x, float(writer, 1 / limit)]), writer), float(writer, limit)]);
  return made(writer, 'Sub', [x, multiples]);
}

/** @throws Error where the mask is not one run of bits */
function masked(x: string, { amount: [mask] }: Amount, writer: NodeWriter): string {
  const lowest = mask! & -mask!;
  if (((mask! + lowest) & mask!) !== 0) throw new Error(`the mask ${mask} has gaps`);
  const rest = below(x, mask! + lowest, writer);
  return lowest === 1 ? rest : made(writer, 'Sub', [rest, below(rest, lowest, writer)]);
}

/** @throws Error where it is not the highest bit that is turned over */
function flipped(x: string, { amount: [bit] }: Amount, writer: NodeWriter): string {
  if (bit !== 128) throw new Error(`bits ${bit} of a byte cannot be turned over by floats`);
  return below(made(writer, 'Add', [x, float(writer, bit)]), 256, writer);
}
