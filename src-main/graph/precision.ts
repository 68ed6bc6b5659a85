import type { Compute } from '../contract/compute.ts';
import { hold } from './ops/hold.ts';
import { add, mul } from './ops/elementwise.ts';
import { cast } from './ops/layout.ts';
import { matmul } from './ops/matmul.ts';
import { topological, type Node, type Value } from './value.ts';

/** How products of matrices are computed where everything else is float32. */
export interface MixedPrecision {
  readonly half: 'float16' | 'bfloat16';
  /** Whether products are float32 of numbers that are rounded to half precision: what a device without such products makes of the same graph. */
  readonly isEmulated: boolean;
}

const HALVES: Readonly<Record<Compute, MixedPrecision['half'] | null>> = { fp32: null, tf32: null, bf16: 'bfloat16', fp16: 'float16' };

/** How a graph computes its products where a recipe asks for it; null where they are float32. @param hasHalves  whether what runs it multiplies numbers of half precision */
export function halfProducts(compute: Compute, hasHalves: boolean): MixedPrecision | null {
  const half = HALVES[compute];
  return half && { half, isEmulated: !hasHalves };
}

/** Whose factors and results are in half precision; what a `gemm` is added to is not. All others stay in float32: sums, means and norms, softmax and everything of the loss, exponentials, tables and what is added to them. */
const IN_HALF: readonly string[] = ['matmul', 'gemm'];

/**
 * The same graph with its products in half precision, as PyTorch's autocast computes them: both factors are rounded, each
 * once however many products read it, and so is the result; a product of a product is not made long in between. Made after
 * differentiation, so that the reverse pass has the same products; weights, gradients and all else that goes in or out
 * stays float32. A graph with a loop (a mixture of experts) is left as it is: its body reads the values that it was traced with.
 */
export function withHalfProducts(outputs: Readonly<Record<string, Value>>, precision: MixedPrecision): Record<string, Value> {
  const { nodes } = topological(Object.values(outputs));
  if (nodes.some(({ operator }) => operator.name === 'loop')) return { ...outputs };
  const rewritten = new Map<Value, Value>();
  const now = (value: Value): Value => rewritten.get(value) ?? value;
  for (const node of nodes) {
    const inputs = node.inputs.map(now);
    const made = IN_HALF.includes(node.operator.name) && inputs.every(({ dtype }) => dtype === 'float32') ? [product(node, inputs, precision)]
      : inputs.every((input, at) => input === node.inputs[at]) ? node.outputs
        : inputs[0]!.graph.apply(node.operator, inputs, node.attributes);
    node.outputs.forEach((output, at) => rewritten.set(output, made[at]!));
  }
  return Object.fromEntries(Object.entries(outputs).map(([name, value]) => [name, now(value)]));
}

function product({ attributes }: Node, [a, b, sum]: readonly Value[], precision: MixedPrecision): Value {
  const { transA, transB, alpha = 1 } = attributes as { transA: boolean; transB: boolean; alpha?: number };
  // Scaled before it is rounded: attention's scores are largest before their scale.
  const factors = [alpha === 1 ? a! : mul(a!, alpha), b!].map((factor) => shortened(factor, precision)) as [Value, Value];
  const made = matmul(...factors, { transA, transB });
  const long = precision.isEmulated ? shortened(made, precision) : cast(made, 'float32');
  return sum ? add(sum, long) : long;
}

function shortened(x: Value, { half, isEmulated }: MixedPrecision): Value {
  // ONNX Runtime takes a pair of casts for nothing, unless something stands between them.
  if (isEmulated) return cast(hold(cast(x, half)), 'float32');
  const before = x.producer?.node;
  return before?.operator.name === 'cast' && before.inputs[0]!.dtype === half ? before.inputs[0]! : cast(x, half);
}
