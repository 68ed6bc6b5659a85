import { broadcast, dimAt, showShape, staticDim, type Shape } from '../shape.ts';
import { apply, type Operator, type Value } from '../value.ts';
import { made, MICROSOFT, type NodeWriter, type OnnxAttribute } from '../onnx/node-writer.ts';
import { reshape } from './layout.ts';
import { reduceTo } from './reduce.ts';

type MatMul = {
  /** Whether the last two axes of a factor are swapped first. */
  transA: boolean;
  transB: boolean;
  /** The product is multiplied by this; attention's scale costs nothing here. */
  alpha: number;
};

function productShape(a: Shape, b: Shape, { transA, transB }: MatMul): Shape {
  if (a.length < 2 || b.length < 2) throw new Error('both factors need two axes');
  const [rows, inner] = transA ? [dimAt(a, -1), dimAt(a, -2)] : [dimAt(a, -2), dimAt(a, -1)];
  const [innerB, columns] = transB ? [dimAt(b, -1), dimAt(b, -2)] : [dimAt(b, -2), dimAt(b, -1)];
  if (inner !== innerB) throw new Error(`inner dimensions ${inner} and ${innerB} differ`);
  return [...broadcast(a.slice(0, -2), b.slice(0, -2)), rows, columns];
}

const matmulOperator: Operator<MatMul> = {
  name: 'matmul',
  infer: ([a, b], attributes) => [{ dtype: a!.dtype, shape: productShape(a!.shape, b!.shape, attributes) }],
  emit: ({ inputs, outputs, attributes: { transA, transB, alpha } }, writer) => {
    if (!transA && !transB && alpha === 1) writer.node('MatMul', inputs, outputs);
    else if (writer.dialect === 'onnxruntime') {
      writer.node('FusedMatMul', inputs, outputs,
        { transA: transA ? 1 : 0, transB: transB ? 1 : 0, alpha: { float: alpha } }, MICROSOFT);
    } else if (writer.dialect === 'webgpu' && inputs.every(({ rank }) => rank === 2)) {
      writer.node('Gemm', inputs, outputs, { transA: transA ? 1 : 0, transB: transB ? 1 : 0, alpha: { float: alpha } });
    } else if (writer.dialect === 'webgpu' && inputs[1]!.rank === 2 && !transA) {
      emitOverRows(inputs as [Value, Value], outputs[0]!, { transB: transB ? 1 : 0, alpha: { float: alpha } }, writer);
    } else {
      const [a, b] = inputs as [Value, Value];
      const factors = [transA ? swapped(a, writer) : a, transB ? swapped(b, writer) : b];
      const product = alpha === 1 ? outputs[0]! : writer.temporary();
      writer.node('MatMul', factors, [product]);
      if (alpha !== 1) writer.node('Mul', [product, writer.constant('float32', [], Float32Array.of(alpha))], outputs);
    }
  },
  gradient: ({ inputs, attributes: { transA, transB, alpha } }, [up]) => {
    const [a, b] = inputs as [Value, Value];
    if (b.rank === 2 && a.rank > 2 && !transA) return linearGradient(a, b, up!, transB, alpha);
    const da = transA
      ? matmul(b, up!, { transA: transB, transB: true, alpha })
      : matmul(up!, b, { transB: !transB, alpha });
    const db = transB
      ? matmul(up!, a, { transA: true, transB: transA, alpha })
      : matmul(a, up!, { transA: !transA, alpha });
    return [reduceTo(da, a.shape), reduceTo(db, b.shape)];
  },
};

/** A product with one matrix over all rows at once, where turning the matrix round would copy it each time. */
function emitOverRows([x, matrix]: [Value, Value], output: Value, attributes: Readonly<Record<string, OnnxAttribute>>, writer: NodeWriter): void {
  const int64 = (...numbers: number[]): string => writer.constant('int64', [numbers.length], BigInt64Array.from(numbers, BigInt));
  const rows = made(writer, 'Reshape', [x, int64(-1, staticDim(x.shape, -1))]);
  const product = made(writer, 'Gemm', [rows, matrix], attributes);
  const leading = x.shape.slice(0, -1);
  const shape = leading.filter((dim) => typeof dim === 'string').length > 1
    ? writer.sizes([...leading, -1])
    : int64(...leading.map((dim) => (typeof dim === 'string' ? -1 : dim)), staticDim(output.shape, -1));
  writer.node('Reshape', [product, shape], [output]);
}

/** The last two axes of a factor exchanged, in a node of its own. */
function swapped(x: Value, writer: NodeWriter): string {
  const name = writer.temporary();
  const order = x.shape.map((_, axis) => axis);
  writer.node('Transpose', [x], [name], { perm: [...order.slice(0, -2), x.rank - 1, x.rank - 2] });
  return name;
}

/** A matrix applied to every row of a batch: its gradient is one product over all rows, not a sum over the batch. */
function linearGradient(x: Value, weight: Value, up: Value, transB: boolean, alpha: number): [Value, Value] {
  const flat = (value: Value): Value => {
    const width = staticDim(value.shape, -1);
    return reshape(value, [value.shape.slice(0, -1).reduce<number>((rows, _, axis) => rows * staticDim(value.shape, axis), 1), width]);
  };
  const dWeight = transB
    ? matmul(flat(up), flat(x), { transA: true, alpha })
    : matmul(flat(x), flat(up), { transA: true, alpha });
  return [matmul(up, weight, { transB: !transB, alpha }), dWeight];
}

/** Matrix product over the last two axes, batched and broadcast over the others. */
export function matmul(a: Value, b: Value, options: Partial<MatMul> = {}): Value {
  return apply(matmulOperator, [a, b], { transA: false, transB: false, alpha: 1, ...options });
}

type Gemm = { transA: boolean; transB: boolean };

/** alpha is not offered: `fuseAccumulation` only makes these from plain products. */
const gemmOperator: Operator<Gemm> = {
  name: 'gemm',
  infer: ([a, b, c], attributes) => {
    const shape = productShape(a!.shape, b!.shape, { ...attributes, alpha: 1 });
    if (a!.rank !== 2 || b!.rank !== 2 || c!.shape.join() !== shape.join()) {
      throw new Error(`accumulates matrices into ${showShape(shape)} only`);
    }
    return [{ dtype: a!.dtype, shape }];
  },
  emit: ({ inputs, outputs, attributes: { transA, transB } }, writer) => {
    writer.node('Gemm', inputs, outputs, { transA: transA ? 1 : 0, transB: transB ? 1 : 0 });
  },
};

/** a b + c in one pass over c; c has the product's shape. Made by a pass after differentiation. */
export function gemm(a: Value, b: Value, c: Value, options: Partial<Gemm> = {}): Value {
  return apply(gemmOperator, [a, b, c], { transA: false, transB: false, ...options });
}

/** The attributes of a product of two plain matrices with alpha 1, or null. */
export function plainProduct(value: Value): { a: Value; b: Value; transA: boolean; transB: boolean } | null {
  const node = value.producer?.node;
  if (!node || node.operator.name !== matmulOperator.name) return null;
  const { transA, transB, alpha } = node.attributes as MatMul;
  const [a, b] = node.inputs as [Value, Value];
  return a.rank === 2 && b.rank === 2 && alpha === 1 ? { a, b, transA, transB } : null;
}
