import { dimAt, staticDim } from '../shape.ts';
import { apply, type Node, type Operator, type Value } from '../value.ts';
import { MICROSOFT, type NodeWriter } from '../onnx/node-writer.ts';
import { neg } from './elementwise.ts';

type Rotary = { heads: number };

const rotaryOperator: Operator<Rotary> = {
  name: 'rotary',
  infer: ([x, , cos], { heads }) => {
    if (staticDim(x!.shape, -1) !== heads * 2 * staticDim(cos!.shape, -1)) {
      throw new Error(`${heads} heads of twice ${dimAt(cos!.shape, -1)} do not fill ${dimAt(x!.shape, -1)}`);
    }
    return [{ dtype: x!.dtype, shape: x!.shape }];
  },
  emit: (node, writer) => {
    if (writer.dialect === 'onnx') return emitStandard(node, writer);
    const { inputs, outputs, attributes: { heads } } = node;
    writer.node('RotaryEmbedding', inputs, outputs, { num_heads: heads, rotary_embedding_dim: 0, interleaved: 0 }, MICROSOFT);
  },
  // A rotation's transpose turns the other way.
  gradient: ({ inputs, attributes: { heads } }, [up]) => {
    const [, positions, cos, sin] = inputs as [Value, Value, Value, Value];
    return [rotary(up!, positions, cos, neg(sin), heads), null, null, null];
  },
};

/**
 * Rotary position embedding (RoFormer, arXiv 2104.09864) over halves of each head, as Transformers does it.
 *
 * @param x          [batch, sequence, heads * width]
 * @param positions  [batch, sequence], int64
 * @param cos,sin    [positions, width / 2]
 */
export function rotary(x: Value, positions: Value, cos: Value, sin: Value, heads: number): Value {
  return apply(rotaryOperator, [x, positions, cos, sin], { heads });
}

/** (a, b) halves of a head become (a cos - b sin, b cos + a sin), in standard operators. */
function emitStandard({ inputs, outputs, attributes: { heads } }: Node<Rotary>, writer: NodeWriter): void {
  const [x, positions, cos, sin] = inputs as [Value, Value, Value, Value];
  const half = staticDim(cos.shape, -1);
  const ints = (...numbers: number[]): string => writer.constant('int64', [numbers.length], BigInt64Array.from(numbers, BigInt));
  const make = (type: string, from: readonly (Value | string)[], attributes = {}): string => {
    const name = writer.temporary();
    writer.node(type, from, [name], attributes);
    return name;
  };
  const headsApart = make('Reshape', [x, ints(0, 0, heads, 2 * half)]);
  const [a, b] = [writer.temporary(), writer.temporary()];
  writer.node('Split', [headsApart, ints(half, half)], [a, b], { axis: -1 });
  const angle = (table: Value): string => make('Unsqueeze', [make('Gather', [table, positions]), ints(2)]);
  const [c, s] = [angle(cos), angle(sin)];
  const left = make('Sub', [make('Mul', [a, c]), make('Mul', [b, s])]);
  const right = make('Add', [make('Mul', [b, c]), make('Mul', [a, s])]);
  writer.node('Reshape', [make('Concat', [left, right], { axis: -1 }), ints(0, 0, heads * 2 * half)], outputs);
}
