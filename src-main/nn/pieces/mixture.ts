import { add, mul } from '../../graph/ops/elementwise.ts';
import { gatherRows } from '../../graph/ops/gather.ts';
import { lengthAlong } from '../../graph/ops/distances.ts';
import { reshape, slice } from '../../graph/ops/layout.ts';
import { loop } from '../../graph/ops/loop.ts';
import { matmul } from '../../graph/ops/matmul.ts';
import { addAt, distinct, placesOf, takeAt } from '../../graph/ops/routing.ts';
import { staticDim } from '../../graph/shape.ts';
import type { Value } from '../../graph/value.ts';
import type { Table, WeightFormat } from '../weights/weight-format.ts';

/** To which experts positions go, [..., per token] (int64), and what share of each, [..., per token]. */
export interface Routes { chosen: Value; shares: Value }

/** One expert. */
export interface Expert {
  /** x [n, inputs] times the expert's matrix of a bank [experts * outputs, inputs]: [n, outputs]. */
  multiply(x: Value, bank: Table): Value;
  /** The expert's row of a table [experts, width]: [width]. */
  row(table: Value): Value;
}

/**
 * Each position goes through the experts that are chosen for it, whose answers are added by their shares. One expert
 * after the other, those only that anybody has chosen: no more than one is ever unpacked.
 *
 * @param x        [..., width]
 * @param compute  what an expert makes of rows [n, width]
 */
export function mixture(x: Value, { chosen, shares }: Routes, experts: number, weights: WeightFormat, compute: (rows: Value, expert: Expert) => Value): Value {
  const active = distinct(chosen);
  const outer = x.rank - 1;
  return loop(lengthAlong(active, 0).count, mul(x, 0), (at, sum) => {
    const index = gatherRows(active, at);
    const places = placesOf(chosen, index);
    const positions = slice(places, 1, 0, outer);
    const answers = compute(takeAt(x, positions), expertAt(index, experts, weights));
    return addAt(sum, positions, mul(answers, reshape(takeAt(shares, places), ['taken', 1])));
  });
}

function expertAt(index: Value, experts: number, weights: WeightFormat): Expert {
  const { graph } = index;
  return {
    multiply(x, bank) {
      const height = bank.shape[0] / experts;
      const rows = graph.constant('int64', [height], BigInt64Array.from({ length: height }, (_, at) => BigInt(at)));
      const first = mul(index, graph.constant('int64', [], BigInt64Array.of(BigInt(height))));
      return matmul(x, weights.lookUp(add(rows, first), bank), { transB: true });
    },
    row: (table) => reshape(gatherRows(table, index), [staticDim(table.shape, 1)]),
  };
}
