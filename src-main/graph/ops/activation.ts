import { apply, type Operator, type Value } from '../value.ts';
import { MICROSOFT } from '../onnx/node-writer.ts';
import { add, erf, exp, mul, sigmoid, sub, tanh } from './elementwise.ts';

const siluOperator: Operator = {
  name: 'silu',
  infer: ([x]) => [{ dtype: x!.dtype, shape: x!.shape }],
  emit: ({ inputs, outputs }, writer) => {
    if (writer.dialect !== 'onnx') {
      writer.node('QuickGelu', inputs, outputs, { alpha: { float: 1 } }, MICROSOFT);
      return;
    }
    const gate = writer.temporary();
    writer.node('Sigmoid', inputs, [gate]);
    writer.node('Mul', [inputs[0]!, gate], outputs);
  },
  // y = x s: dy/dx = s + y (1 - s)
  gradient: ({ inputs: [x], outputs: [y] }, [up]) => {
    const s = sigmoid(x!);
    return [mul(up!, add(s, mul(y!, sub(1, s))))];
  },
};

/** x sigmoid(x). */
export function silu(x: Value): Value {
  return apply(siluOperator, [x], {});
}

type Gelu = { approximate: 'none' | 'tanh' };

const geluOperator: Operator<Gelu> = {
  name: 'gelu',
  infer: siluOperator.infer,
  emit: ({ inputs, outputs, attributes }, writer) => writer.node('Gelu', inputs, outputs, attributes),
  gradient: ({ inputs: [x], attributes: { approximate } }, [up]) => [
    mul(up!, approximate === 'tanh' ? tanhSlope(x!) : erfSlope(x!)),
  ],
};

/** GELU, exact or by the tanh approximation (GPT-2's). */
export function gelu(x: Value, approximate: Gelu['approximate']): Value {
  return apply(geluOperator, [x], { approximate });
}

/** d/dx x Phi(x) = Phi(x) + x phi(x). */
function erfSlope(x: Value): Value {
  const cumulative = mul(add(erf(mul(x, Math.SQRT1_2)), 1), 0.5);
  const density = mul(exp(mul(mul(x, x), -0.5)), 1 / Math.sqrt(2 * Math.PI));
  return add(cumulative, mul(x, density));
}

/** With u = sqrt(2/pi) (x + c x^3), t = tanh(u): d/dx x (1 + t) / 2 = (1 + t) / 2 + x (1 - t^2) u' / 2. */
function tanhSlope(x: Value): Value {
  const root = Math.sqrt(2 / Math.PI);
  const square = mul(x, x);
  const t = tanh(mul(mul(x, add(mul(square, 0.044715), 1)), root));
  const inner = mul(add(mul(square, 3 * 0.044715), 1), root / 2);
  return add(mul(add(t, 1), 0.5), mul(mul(x, sub(1, mul(t, t))), inner));
}
