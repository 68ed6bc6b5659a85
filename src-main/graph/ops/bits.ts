import { broadcast } from '../shape.ts';
import { apply, type Operator, type Value } from '../value.ts';

/** Operations on the bits of bytes (uint8). Nothing flows back through them. */
type Amount = { /** Of shape [..., 1], beside the last axis of one or more. */ shape: readonly number[]; amount: readonly number[] };

function withConstant(name: string, type: string, attributes: Readonly<Record<string, string>> = {}): (x: Value, amount: number | readonly number[]) => Value {
  const operator: Operator<Amount> = {
    name,
    infer: ([x], { shape }) => [{ dtype: 'uint8', shape: broadcast(x!.shape, shape) }],
    emit: ({ inputs: [x], outputs, attributes: { shape, amount } }, writer) => {
      writer.node(type, [x!, writer.constant('uint8', shape, Uint8Array.from(amount))], outputs, attributes);
    },
  };
  return (x, amount) => {
    if (x.dtype !== 'uint8') throw new Error(`${name} is for bytes`);
    return apply(operator, [x], typeof amount === 'number' ? { shape: [], amount: [amount] } : { shape: [amount.length, 1], amount });
  };
}

/** The bits that are set in `mask` as well. */
export const and = withConstant('and', 'BitwiseAnd');
/** A list of amounts stands along the last axis but one, where x [..., 1, n] has a single element. */
export const shiftRight = withConstant('shiftRight', 'BitShift', { direction: 'RIGHT' });
export const shiftLeft = withConstant('shiftLeft', 'BitShift', { direction: 'LEFT' });
export const flip = withConstant('flip', 'BitwiseXor');

const orOperator: Operator = {
  name: 'or',
  infer: ([a, b]) => [{ dtype: 'uint8', shape: broadcast(a!.shape, b!.shape) }],
  emit: ({ inputs, outputs }, writer) => writer.node('BitwiseOr', inputs, outputs),
};

/** The bits that are set in either of two values. */
export const or = (a: Value, b: Value): Value => apply(orOperator, [a, b], {});
