import { dimAt, staticDim, type Shape } from '../shape.ts';
import { apply, type Operator, type TensorType, type Value } from '../value.ts';
import { mul, sub } from './elementwise.ts';
import { reduceTo, sum } from './reduce.ts';

type Norm = { epsilon: number };

const statistic = (x: Value): TensorType => ({ dtype: 'float32', shape: [...x.shape.slice(0, -1), 1] });

function checkWidth(x: Value, scale: Value): void {
  const expected: Shape = [dimAt(x.shape, -1)];
  if (scale.shape.join() !== expected.join()) throw new Error('the scale must be as wide as the rows');
}

const rmsNormOperator: Operator<Norm> = {
  name: 'rmsNorm',
  infer: ([x, scale]) => {
    checkWidth(x!, scale!);
    return [{ dtype: x!.dtype, shape: x!.shape }, statistic(x!)];
  },
  emit: ({ inputs: [x, scale], outputs: [y, inverse], attributes: { epsilon } }, writer) => {
    // WebGPU's provider leaves the second output as it finds it.
    if (writer.dialect === 'onnxruntime' || (writer.dialect === 'webgpu' && !writer.isUsed(inverse!))) {
      const wanted = writer.isUsed(inverse!) ? [y!, inverse!] : [y!];
      writer.node('SimplifiedLayerNormalization', [x!, scale!], wanted, { axis: -1, epsilon: { float: epsilon }, stash_type: 1 });
      return;
    }
    const [square, mean, shifted, root, normal] = Array.from({ length: 5 }, () => writer.temporary()) as [string, string, string, string, string];
    const last = writer.constant('int64', [1], BigInt64Array.of(-1n));
    writer.node('Mul', [x!, x!], [square]);
    writer.node('ReduceMean', [square, last], [mean], { keepdims: 1 });
    writer.node('Add', [mean, writer.constant('float32', [], Float32Array.of(epsilon))], [shifted]);
    writer.node('Sqrt', [shifted], [root]);
    writer.node('Reciprocal', [root], [inverse!]);
    writer.node('Mul', [x!, inverse!], [normal]);
    writer.node('Mul', [normal, scale!], [y!]);
  },
  // With r = 1 / rms(x) over a row of width d: dx = r g w - x r^3 / d * sum(g w x), dw = sum over rows of g x r.
  gradient: ({ inputs, outputs: [, inverse] }, [up]) => {
    const [x, scale] = inputs as [Value, Value];
    const width = staticDim(x.shape, -1);
    const r = inverse!;
    const scaled = mul(up!, scale);
    const projection = sum(mul(scaled, x), [-1], true);
    const shrink = mul(mul(projection, mul(r, mul(r, r))), 1 / width);
    return [sub(mul(scaled, r), mul(x, shrink)), reduceTo(mul(up!, mul(x, r)), scale.shape)];
  },
};

/** Each row of x [..., d] divided by its root mean square, times scale [d]. */
export function rmsNorm(x: Value, scale: Value, epsilon: number): Value {
  return apply(rmsNormOperator, [x, scale], { epsilon });
}

const layerNormOperator: Operator<Norm> = {
  name: 'layerNorm',
  infer: ([x, scale, bias]) => {
    checkWidth(x!, scale!);
    checkWidth(x!, bias!);
    return [{ dtype: x!.dtype, shape: x!.shape }, statistic(x!), statistic(x!)];
  },
  emit: ({ inputs, outputs: [y, mean, inverse], attributes: { epsilon } }, writer) => {
    const wanted = writer.isUsed(mean!) || writer.isUsed(inverse!) ? [y!, mean!, inverse!] : [y!];
    writer.node('LayerNormalization', inputs, wanted, { axis: -1, epsilon: { float: epsilon } });
  },
  // With n = (x - mean) r: dx = r (g w - mean(g w) - n mean(g w n)), dw = sum of g n, db = sum of g.
  gradient: ({ inputs, outputs: [, mean, inverse] }, [up]) => {
    const [x, scale, bias] = inputs as [Value, Value, Value];
    const share = 1 / staticDim(x.shape, -1);
    const normal = mul(sub(x, mean!), inverse!);
    const scaled = mul(up!, scale);
    const average = mul(sum(scaled, [-1], true), share);
    const projection = mul(sum(mul(scaled, normal), [-1], true), share);
    return [
      mul(sub(sub(scaled, average), mul(normal, projection)), inverse!),
      reduceTo(mul(up!, normal), scale.shape),
      reduceTo(up!, bias.shape),
    ];
  },
};

/** Each row of x [..., d] centred and divided by its standard deviation, times scale [d], plus bias [d]. */
export function layerNorm(x: Value, scale: Value, bias: Value, epsilon: number): Value {
  return apply(layerNormOperator, [x, scale, bias], { epsilon });
}
