import { DTYPES } from '../dtype.ts';
import { made, type NodeWriter } from '../onnx/node-writer.ts';
import { broadcast } from '../shape.ts';
import { apply, type Node, type Operator, type Value } from '../value.ts';
import { reduceTo } from './reduce.ts';

type Binary = (a: Value, b: Value) => Value;
type Operand = Value | number;

interface BinaryRule {
  onnx: string;
  /** Gradients with respect to both operands, before broadcasting is undone. */
  gradient?: (up: Value, a: Value, b: Value, out: Value) => readonly [Value | null, Value | null];
}

const BINARY = {
  add: { onnx: 'Add', gradient: (up) => [up, up] },
  sub: { onnx: 'Sub', gradient: (up) => [up, neg(up)] },
  mul: { onnx: 'Mul', gradient: (up, a, b) => [mul(up, b), mul(up, a)] },
  div: { onnx: 'Div', gradient: (up, _a, b, out) => [div(up, b), neg(div(mul(up, out), b))] },
  max: { onnx: 'Max', gradient: (up, a, b) => [where(less(a, b), 0, up), where(less(a, b), up, 0)] },
  min: { onnx: 'Min', gradient: (up, a, b) => [where(less(b, a), 0, up), where(less(b, a), up, 0)] },
} satisfies Record<string, BinaryRule>;

const COMPARISON = { less: 'Less', equal: 'Equal', greaterOrEqual: 'GreaterOrEqual' } as const;

interface UnaryRule {
  onnx: string;
  gradient?: (up: Value, x: Value, out: Value) => Value;
  /** Where WebGPU has no such operator. */
  webgpu?: Operator['emit'];
}

const UNARY = {
  neg: { onnx: 'Neg', gradient: (up) => neg(up) },
  exp: { onnx: 'Exp', gradient: (up, _x, out) => mul(up, out) },
  log: { onnx: 'Log', gradient: (up, x) => div(up, x) },
  sqrt: { onnx: 'Sqrt', gradient: (up, _x, out) => div(mul(up, 0.5), out) },
  reciprocal: { onnx: 'Reciprocal', gradient: (up, _x, out) => neg(mul(up, mul(out, out))) },
  abs: { onnx: 'Abs', gradient: (up, x) => mul(up, sign(x)) },
  sign: { onnx: 'Sign', webgpu: emitSign },
  sigmoid: { onnx: 'Sigmoid', gradient: (up, _x, out) => mul(up, mul(out, sub(1, out))) },
  softplus: { onnx: 'Softplus', gradient: (up, x) => mul(up, sigmoid(x)) },
  tanh: { onnx: 'Tanh', gradient: (up, _x, out) => mul(up, sub(1, mul(out, out))) },
  erf: { onnx: 'Erf', gradient: (up, x) => mul(up, mul(exp(neg(mul(x, x))), 2 / Math.sqrt(Math.PI))) },
  relu: { onnx: 'Relu', gradient: (up, _x, out) => mul(up, sign(out)) },
  round: { onnx: 'Round' },
  floor: { onnx: 'Floor' },
} satisfies Record<string, UnaryRule>;

export const add = binary('add');
export const sub = binary('sub');
export const mul = binary('mul');
export const div = binary('div');
export const max = binary('max');
export const min = binary('min');
export const less = comparison('less');
export const equal = comparison('equal');
export const greaterOrEqual = comparison('greaterOrEqual');
export const neg = unary('neg');
export const exp = unary('exp');
export const log = unary('log');
export const sqrt = unary('sqrt');
export const reciprocal = unary('reciprocal');
export const abs = unary('abs');
export const sign = unary('sign');
export const sigmoid = unary('sigmoid');
export const softplus = unary('softplus');
export const tanh = unary('tanh');
export const erf = unary('erf');
export const relu = unary('relu');
/** To the nearest integer, of two the even one. Nothing flows back through it. */
export const round = unary('round');
/** To the integer below. Nothing flows back through it. */
export const floor = unary('floor');

const whereOperator: Operator = {
  name: 'where',
  infer: ([condition, yes, no]) => [{ dtype: yes!.dtype, shape: broadcast(condition!.shape, broadcast(yes!.shape, no!.shape)) }],
  emit: (node, writer) => writer.node('Where', node.inputs, node.outputs),
  gradient: ({ inputs: [condition, yes, no] }, [up]) => [
    null,
    reduceTo(where(condition!, up!, 0), yes!.shape),
    reduceTo(where(condition!, 0, up!), no!.shape),
  ],
};

/** `yes` where the condition holds, else `no`, element by element with broadcasting. */
export function where(condition: Value, yes: Operand, no: Operand): Value {
  const graph = condition.graph;
  const value = (operand: Operand): Value => (typeof operand === 'number' ? graph.scalar(operand) : operand);
  return apply(whereOperator, [condition, value(yes), value(no)], {});
}

function binary(name: keyof typeof BINARY): (a: Operand, b: Operand) => Value {
  const rule: BinaryRule = BINARY[name];
  const operator: Operator = {
    name,
    infer: ([a, b]) => {
      if (a!.dtype !== b!.dtype) throw new Error('operands differ in type');
      return [{ dtype: a!.dtype, shape: broadcast(a!.shape, b!.shape) }];
    },
    emit: (node, writer) => writer.node(rule.onnx, node.inputs, node.outputs),
  };
  if (rule.gradient) {
    const gradient = rule.gradient;
    operator.gradient = ({ inputs, outputs }, [up]) => {
      const [a, b] = inputs as [Value, Value];
      const [da, db] = gradient(up!, a, b, outputs[0]!);
      return [da && reduceTo(da, a.shape), db && reduceTo(db, b.shape)];
    };
  }
  return onOperands((a, b) => apply(operator, [a, b], {}));
}

function comparison(name: keyof typeof COMPARISON): (a: Operand, b: Operand) => Value {
  const operator: Operator = {
    name,
    infer: ([a, b]) => [{ dtype: 'bool', shape: broadcast(a!.shape, b!.shape) }],
    emit: ({ inputs, outputs }, writer) => {
      // WebGPU compares no int64: what is compared here are positions and ids.
      const isNarrowed = writer.dialect === 'webgpu' && inputs[0]!.dtype === 'int64';
      writer.node(COMPARISON[name], isNarrowed ? inputs.map((input) => made(writer, 'Cast', [input], { to: DTYPES.int32.code })) : inputs, outputs);
    },
  };
  return onOperands((a, b) => apply(operator, [a, b], {}));
}

function unary(name: keyof typeof UNARY): (x: Value) => Value {
  const rule: UnaryRule = UNARY[name];
  const operator: Operator = {
    name,
    infer: ([x]) => [{ dtype: x!.dtype, shape: x!.shape }],
    emit: (node, writer) => {
      if (rule.webgpu && writer.dialect === 'webgpu') rule.webgpu(node, writer);
      else writer.node(rule.onnx, node.inputs, node.outputs);
    },
  };
  if (rule.gradient) {
    const gradient = rule.gradient;
    operator.gradient = ({ inputs, outputs }, [up]) => [gradient(up!, inputs[0]!, outputs[0]!)];
  }
  return (x) => apply(operator, [x], {});
}

/** (0 < x) - (x < 0). */
function emitSign({ inputs: [x], outputs }: Node, writer: NodeWriter): void {
  const zero = writer.constant('float32', [], Float32Array.of(0));
  const number = (of: readonly (Value | string)[]): string => made(writer, 'Cast', [made(writer, 'Less', of)], { to: DTYPES.float32.code });
  writer.node('Sub', [number([zero, x!]), number([x!, zero])], outputs);
}

/** Lets one of two operands be a plain number. */
function onOperands(make: Binary): (a: Operand, b: Operand) => Value {
  return (a, b) => {
    if (typeof a !== 'number') return make(a, typeof b === 'number' ? numberLike(a, b) : b);
    if (typeof b !== 'number') return make(numberLike(b, a), b);
    throw new Error('an operation on two numbers needs no graph');
  };
}

function numberLike(value: Value, number: number): Value {
  switch (value.dtype) {
    case 'float32': return value.graph.scalar(number);
    case 'int32': return value.graph.constant('int32', [], Int32Array.of(number));
    case 'int64': return value.graph.constant('int64', [], BigInt64Array.of(BigInt(number)));
    default: throw new Error(`a plain number cannot stand beside ${value.dtype}`);
  }
}
