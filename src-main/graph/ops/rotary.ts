import { dimAt, staticDim } from '../shape.ts';
import { apply, type Node, type Operator, type Value } from '../value.ts';
import { MICROSOFT, type NodeWriter } from '../onnx/node-writer.ts';
import { neg } from './elementwise.ts';

/** Which elements of a head's rotated part turn together: those half of it apart, or neighbours. */
type Rotary = { heads: number; pairing: 'halves' | 'neighbours' };

const rotaryOperator: Operator<Rotary> = {
  name: 'rotary',
  infer: ([x, , cos], { heads }) => {
    const width = staticDim(x!.shape, -1) / heads;
    if (!Number.isInteger(width) || width < 2 * staticDim(cos!.shape, -1)) {
      throw new Error(`${heads} heads of twice ${dimAt(cos!.shape, -1)} do not fit into ${dimAt(x!.shape, -1)}`);
    }
    return [{ dtype: x!.dtype, shape: x!.shape }];
  },
  emit: (node, writer) => {
    if (writer.dialect === 'onnx') return emitStandard(node, writer);
    const { inputs, outputs, attributes: { heads, pairing } } = node;
    const [x, , cos] = inputs as [Value, Value, Value, Value];
    const [width, turned] = [staticDim(x.shape, -1) / heads, 2 * staticDim(cos.shape, -1)];
    writer.node('RotaryEmbedding', inputs, outputs,
      { num_heads: heads, rotary_embedding_dim: turned === width ? 0 : turned, interleaved: pairing === 'neighbours' ? 1 : 0 }, MICROSOFT);
  },
  // A rotation's transpose turns the other way.
  gradient: ({ inputs, attributes: { heads, pairing } }, [up]) => {
    const [, positions, cos, sin] = inputs as [Value, Value, Value, Value];
    return [rotary(up!, positions, cos, neg(sin), heads, pairing), null, null, null];
  },
};

/**
 * Rotary position embedding (RoFormer, arXiv 2104.09864) of the front of each head, as Transformers does it; what is
 * behind it passes unchanged.
 *
 * @param x          [batch, sequence, heads * width]
 * @param positions  [batch, sequence], int64
 * @param cos,sin    [positions, rotated width / 2]
 */
export function rotary(x: Value, positions: Value, cos: Value, sin: Value, heads: number, pairing: Rotary['pairing'] = 'halves'): Value {
  return apply(rotaryOperator, [x, positions, cos, sin], { heads, pairing });
}

/** Pairs (a, b) become (a cos - b sin, b cos + a sin), in standard operators. */
function emitStandard({ inputs, outputs, attributes: { heads, pairing } }: Node<Rotary>, writer: NodeWriter): void {
  const [x, positions, cos, sin] = inputs as [Value, Value, Value, Value];
  const half = staticDim(cos.shape, -1);
  const width = staticDim(x.shape, -1) / heads;
  const ints = (...numbers: number[]): string => writer.constant('int64', [numbers.length], BigInt64Array.from(numbers, BigInt));
  const make = (type: string, from: readonly (Value | string)[], attributes = {}): string => {
    const name = writer.temporary();
    writer.node(type, from, [name], attributes);
    return name;
  };
  const cut = (from: string, ...sizes: number[]): string[] => {
    const pieces = sizes.map(() => writer.temporary());
    writer.node('Split', [from, ints(...sizes)], pieces, { axis: -1 });
    return pieces;
  };
  const headsApart = make('Reshape', [x, ints(0, 0, heads, width)]);
  const [turned, rest] = width === 2 * half ? [headsApart] : cut(headsApart, 2 * half, width - 2 * half);
  // Neighbours stand in the last axis of [..., half, 2], halves in that of [..., 2 * half].
  const areNeighbours = pairing === 'neighbours';
  const [a, b] = areNeighbours ? cut(make('Reshape', [turned!, ints(0, 0, heads, half, 2)]), 1, 1) : cut(turned!, half, half);
  const angle = (table: Value): string => make('Unsqueeze', [make('Gather', [table, positions]), areNeighbours ? ints(2, 4) : ints(2)]);
  const [c, s] = [angle(cos), angle(sin)];
  const left = make('Sub', [make('Mul', [a!, c]), make('Mul', [b!, s])]);
  const right = make('Add', [make('Mul', [b!, c]), make('Mul', [a!, s])]);
  const pairs = make('Concat', [left, right], { axis: -1 });
  const front = areNeighbours ? make('Reshape', [pairs, ints(0, 0, heads, 2 * half)]) : pairs;
  writer.node('Reshape', [rest === undefined ? front : make('Concat', [front, rest], { axis: -1 }), ints(0, 0, heads * width)], outputs);
}
