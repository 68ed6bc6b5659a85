import type { BinaryName, TfTensor, TfType, UnaryName } from '../library.ts';
import { input, number, unknownForm, type Call, type Kernel, type Kernels } from './kernel.ts';

const UNARY: Readonly<Record<string, UnaryName>> = {
  Neg: 'neg', Exp: 'exp', Log: 'log', Sqrt: 'sqrt', Reciprocal: 'reciprocal', Abs: 'abs', Sign: 'sign', Floor: 'floor',
  Sigmoid: 'sigmoid', Softplus: 'softplus', Tanh: 'tanh', Erf: 'erf', Relu: 'relu',
};

const BINARY: Readonly<Record<string, BinaryName>> = {
  Add: 'add', Sub: 'sub', Mul: 'mul', Max: 'maximum', Min: 'minimum',
  Equal: 'equal', Less: 'less', LessOrEqual: 'lessEqual', Greater: 'greater', GreaterOrEqual: 'greaterEqual', And: 'logicalAnd',
};

/** As ONNX counts element types. */
const TYPES: Readonly<Record<number, TfType>> = { 1: 'float32', 2: 'int32', 3: 'int32', 6: 'int32', 7: 'int32', 9: 'bool' };

const each = <Name extends string>(table: Readonly<Record<string, Name>>, kernel: (name: Name) => Kernel): Kernels =>
  Object.fromEntries(Object.entries(table).map(([type, name]) => [type, kernel(name)]));

export const elementwise: Kernels = {
  ...each(UNARY, (name) => (call) => call.tf[name](input(call, 0))),
  ...each(BINARY, (name) => (call) => {
    if (call.inputs.length !== 2) throw unknownForm(call, `of ${call.inputs.length} inputs`);
    return call.tf[name](input(call, 0), input(call, 1));
  }),
  Div: (call) => {
    // Whole numbers are divided downwards there and towards zero in ONNX.
    if (input(call, 0).dtype !== 'float32') throw unknownForm(call, 'of whole numbers');
    return call.tf.div(input(call, 0), input(call, 1));
  },
  Where: (call) => call.tf.where(input(call, 0), input(call, 1), input(call, 2)),
  Clip: clip,
  Cast: (call) => {
    const type = TYPES[number(call, 'to', 0)];
    if (type === undefined) throw unknownForm(call, `to the element type ${number(call, 'to', 0)}`);
    return call.tf.cast(input(call, 0), type);
  },
  Identity: (call) => input(call, 0).clone(),
};

function clip(call: Call): TfTensor {
  const [, least, most] = call.inputs;
  const raised = least ? call.tf.maximum(input(call, 0), least) : input(call, 0);
  return most ? call.tf.minimum(raised, most) : raised.clone();
}
