import { DTYPES, type DType } from '../dtype.ts';
import { broadcast, sizeOf, type Shape } from '../shape.ts';
import type { TensorProto } from './protos.ts';

/** A node as it is written, as far as the types of its results go. */
export interface TypedNode { readonly opType: string; readonly input: readonly string[]; readonly output: readonly string[]; readonly attribute: readonly object[] }

export interface StaticType { readonly dtype: DType; readonly shape: readonly number[] }

type Attributes = Readonly<Record<string, number | readonly number[] | undefined>>;
type Infer = (inputs: readonly StaticType[], attributes: Attributes, numbers: (input: number) => readonly number[] | undefined) => StaticType | undefined;

const spread = (shapes: readonly Shape[]): number[] => shapes.reduce((a, b) => broadcast(a, b), []) as number[];
const front = (axis: number, rank: number): number => (axis < 0 ? axis + rank : axis);

const same: Infer = ([x]) => x;
const together: Infer = (inputs) => ({ dtype: inputs[0]!.dtype, shape: spread(inputs.map(({ shape }) => shape)) });
const comparison: Infer = (inputs) => ({ dtype: 'bool', shape: spread(inputs.map(({ shape }) => shape)) });
const where: Infer = (inputs) => ({ dtype: inputs[1]!.dtype, shape: spread(inputs.map(({ shape }) => shape)) });

const reduced: Infer = ([x], { axes, keepdims = 1 }, numbers) => {
  const chosen = (axes as readonly number[] | undefined) ?? numbers(1) ?? x!.shape.map((_, axis) => axis);
  const over = new Set(chosen.map((axis) => front(axis, x!.shape.length)));
  return { dtype: x!.dtype, shape: keepdims === 1 ? x!.shape.map((dim, axis) => (over.has(axis) ? 1 : dim)) : x!.shape.filter((_, axis) => !over.has(axis)) };
};

const reshaped: Infer = ([x], _, numbers) => {
  const wanted = numbers(1)?.map((dim, axis) => (dim === 0 ? x!.shape[axis]! : dim));
  return wanted && { dtype: x!.dtype, shape: wanted.map((dim) => (dim === -1 ? sizeOf(x!.shape) / -sizeOf(wanted) : dim)) };
};

const unsqueezed: Infer = ([x], _, numbers) => {
  const axes = numbers(1);
  if (!axes) return undefined;
  const rank = x!.shape.length + axes.length;
  const added = new Set(axes.map((axis) => front(axis, rank)));
  const left = [...x!.shape];
  return { dtype: x!.dtype, shape: Array.from({ length: rank }, (__, axis) => (added.has(axis) ? 1 : left.shift()!)) };
};

const multiplied: Infer = ([a, b]) => {
  if (a!.shape.length < 2 || b!.shape.length < 2) return undefined;
  return { dtype: a!.dtype, shape: [...spread([a!.shape.slice(0, -2), b!.shape.slice(0, -2)]), a!.shape.at(-2)!, b!.shape.at(-1)!] };
};

const gemm: Infer = ([a, b], { transA = 0, transB = 0 }) => ({ dtype: a!.dtype, shape: [a!.shape[transA === 1 ? 1 : 0]!, b!.shape[transB === 1 ? 0 : 1]!] });

/** As it is written: one start, end and axis each, and no step. */
const sliced: Infer = ([x], _, numbers) => {
  const [starts, ends, axes] = [numbers(1), numbers(2), numbers(3)];
  if (!starts || !ends || !axes) return undefined;
  const shape = [...x!.shape];
  axes.forEach((given, at) => {
    const axis = front(given, shape.length);
    const size = shape[axis]!;
    const place = (index: number): number => Math.min(Math.max(index < 0 ? index + size : index, 0), size);
    shape[axis] = Math.max(0, place(ends[at]!) - place(starts[at]!));
  });
  return { dtype: x!.dtype, shape };
};

const joined: Infer = (inputs, { axis = 0 }) => {
  const [{ dtype, shape }] = inputs as [StaticType];
  const along = front(axis as number, shape.length);
  return { dtype, shape: shape.map((dim, at) => (at === along ? inputs.reduce((sum, input) => sum + input.shape[at]!, 0) : dim)) };
};

const gathered: Infer = ([x, index], { axis = 0 }) => {
  const along = front(axis as number, x!.shape.length);
  return { dtype: x!.dtype, shape: [...x!.shape.slice(0, along), ...index!.shape, ...x!.shape.slice(along + 1)] };
};

const padded: Infer = ([x], _, numbers) => {
  const pads = numbers(1);
  return pads && { dtype: x!.dtype, shape: x!.shape.map((dim, axis) => dim + pads[axis]! + pads[axis + x!.shape.length]!) };
};

const CODES = new Map(Object.entries(DTYPES).map(([dtype, { code }]) => [code, dtype as DType]));

const of = (infer: Infer, ...types: string[]): [string, Infer][] => types.map((type) => [type, infer]);

/** The operators that others are written with; all else has types of its own. */
const RULES: ReadonlyMap<string, Infer> = new Map([
  ...of(same, 'Exp', 'Log', 'Neg', 'Sqrt', 'Floor', 'Abs', 'Sigmoid', 'Tanh', 'Erf', 'Clip', 'Sign', 'Reciprocal', 'Identity', 'Not', 'Softmax', 'Relu'),
  ...of(together, 'Add', 'Sub', 'Mul', 'Div', 'Max', 'Min', 'Mod', 'And', 'Or', 'BitwiseAnd', 'BitwiseOr', 'BitwiseXor', 'BitShift'),
  ...of((inputs) => together(inputs.slice(0, 1), {}, () => undefined), 'Pow'),
  ...of(comparison, 'Less', 'Equal', 'Greater', 'LessOrEqual', 'GreaterOrEqual'),
  ...of(where, 'Where'),
  ...of(([x], { to }) => ({ dtype: CODES.get(to as number)!, shape: x!.shape }), 'Cast'),
  ...of(([x]) => ({ dtype: 'float32', shape: x!.shape }), 'DequantizeLinear'),
  ...of(reduced, 'ReduceSum', 'ReduceMax', 'ReduceMean'),
  ...of(reshaped, 'Reshape'),
  ...of(unsqueezed, 'Unsqueeze'),
  ...of(([x], { perm }) => ({ dtype: x!.dtype, shape: (perm as readonly number[]).map((axis) => x!.shape[axis]!) }), 'Transpose'),
  ...of((inputs, _, numbers) => { const dims = numbers(1); return dims && { dtype: inputs[0]!.dtype, shape: spread([inputs[0]!.shape, dims]) }; }, 'Expand'),
  ...of((_, __, numbers) => { const dims = numbers(0); return dims && { dtype: 'float32', shape: dims }; }, 'ConstantOfShape'),
  ...of(multiplied, 'MatMul'),
  ...of(gemm, 'Gemm'),
  ...of(sliced, 'Slice'),
  ...of(joined, 'Concat'),
  ...of(gathered, 'Gather'),
  ...of(padded, 'Pad'),
]);

/**
 * The types of tensors that have no value of their own: what an operator is made of where it is written as several nodes.
 * Those are left out whose sizes the inputs say, or whose operator has no rule.
 * @param nodes  in an order in which each stands behind what it reads, @param known  by name, @param constants  of the graph
 */
export function typesBetween(nodes: readonly TypedNode[], known: ReadonlyMap<string, StaticType>, constants: readonly TensorProto[]): Map<string, StaticType> {
  const found = new Map<string, StaticType>();
  const constant = new Map(constants.map((tensor) => [tensor.name, tensor]));
  const typeOf = (name: string): StaticType | undefined => known.get(name) ?? found.get(name) ?? typeOfConstant(constant.get(name));
  for (const { opType, input, output: [name], attribute } of nodes) {
    if (name === undefined || known.has(name)) continue;
    const inputs = input.flatMap((each) => typeOf(each) ?? []);
    const rule = inputs.length === input.filter((each) => each !== '').length ? RULES.get(opType) : undefined;
    const type = rule?.(inputs, attributesOf(attribute), (at) => numbersOf(constant.get(input[at] ?? '')));
    if (type) found.set(name, type);
  }
  return found;
}

const attributesOf = (protos: readonly object[]): Attributes => (
  Object.fromEntries((protos as { name: string; i?: number; ints?: readonly number[] }[]).map(({ name, i, ints }) => [name, i ?? ints])));

function typeOfConstant(tensor: TensorProto | undefined): StaticType | undefined {
  return tensor && { dtype: CODES.get(tensor.dataType)!, shape: tensor.dims };
}

/** Of int64. */
function numbersOf(tensor: TensorProto | undefined): readonly number[] | undefined {
  if (!tensor?.rawData || tensor.dataType !== DTYPES.int64.code) return undefined;
  const { buffer, byteOffset, byteLength } = tensor.rawData;
  return Array.from(new BigInt64Array(buffer.slice(byteOffset, byteOffset + byteLength)), Number);
}
