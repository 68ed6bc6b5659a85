import { add } from './ops/elementwise.ts';
import { asRows } from './ops/gather.ts';
import { gemm, plainProduct } from './ops/matmul.ts';
import { sameShape } from './shape.ts';
import type { Value } from './value.ts';

/** A gradient taken apart: a dense part, and rows to be added at ids (what flows back to an embedding). */
export interface GradientParts {
  dense: Value | null;
  rows: { ids: Value; rows: Value }[];
}

/** Separates the rows of a gradient from its dense part, so that a table's gradient touches only the rows used. */
export function takeApart(gradient: Value): GradientParts {
  const rows: GradientParts['rows'] = [];
  let dense: Value | null = null;
  for (const term of terms(gradient)) {
    const sparse = asRows(term);
    if (sparse) rows.push(sparse);
    else dense = dense ? add(dense, term) : term;
  }
  return { dense, rows };
}

/**
 * `into` plus a gradient. Products of plain matrices become Gemm with the running sum as its third operand,
 * so that neither micro-batches nor chunks of the loss need a tensor and a pass of their own.
 */
export function accumulate(into: Value, gradient: Value): Value {
  return terms(gradient).reduce((sum, term) => {
    const product = plainProduct(term);
    return product ? gemm(product.a, product.b, sum, { transA: product.transA, transB: product.transB }) : add(sum, term);
  }, into);
}

/** The terms of a sum of equal shapes, first to last. */
function terms(value: Value): Value[] {
  const node = value.producer?.node;
  if (node?.operator.name !== 'add' || !node.inputs.every((input) => sameShape(input.shape, value.shape))) return [value];
  return node.inputs.flatMap(terms);
}
