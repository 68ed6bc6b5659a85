import { exp, log, max } from '../graph/ops/elementwise.ts';
import { gatherColumns } from '../graph/ops/gather.ts';
import { concat, reshape } from '../graph/ops/layout.ts';
import { expand, sum } from '../graph/ops/reduce.ts';
import { staticDim } from '../graph/shape.ts';
import type { Graph, Value } from '../graph/value.ts';

/** Columns added up at once. */
const BLOCK = 4;
/** Below this a float32 is no sum any more. */
const LEAST = 1e-37;

/** How groups of columns are put together, worked out once for graphs of any number of rows. */
export interface Groups {
  /** Groups of one column, which come first. */
  alone: Int32Array;
  sums: Sums | null;
  /** Where each group stands in what comes out. */
  place: Int32Array;
  /** Values that come out; some are sums of parts of groups. */
  width: number;
}

/** Blocks of columns, and the blocks of their sums that belong together. */
interface Sums { ids: Int32Array; rest: Sums | null; place: Int32Array; width: number }

/** @param groups  of columns, none empty @param width  columns in all */
export function planGroups(groups: readonly (readonly number[])[], width: number): Groups {
  const alone = groups.filter((group) => group.length === 1);
  const many = groups.filter((group) => group.length > 1);
  const sums = many.length === 0 ? null : planSums(many, width);
  let [single, several] = [0, 0];
  return {
    alone: Int32Array.from(alone, ([id]) => id!), sums, width: alone.length + (sums?.width ?? 0),
    place: Int32Array.from(groups, (group) => (group.length === 1 ? single++ : alone.length + sums!.place[several++]!)),
  };
}

function planSums(groups: readonly (readonly number[])[], width: number): Sums {
  const ids: number[] = [];
  const blocks = groups.map((group) => {
    const first = ids.length / BLOCK;
    ids.push(...group);
    // Behind the last column is one of nothing.
    while (ids.length % BLOCK !== 0) ids.push(width);
    return Array.from({ length: ids.length / BLOCK - first }, (_, at) => first + at);
  });
  const count = ids.length / BLOCK;
  const open = blocks.filter((own) => own.length > 1);
  const rest = open.length === 0 ? null : planSums(open, count);
  let at = 0;
  return { ids: Int32Array.from(ids), rest, width: count + (rest?.width ?? 0), place: Int32Array.from(blocks, (own) => (own.length === 1 ? own[0]! : count + rest!.place[at++]!)) };
}

/** log sum exp over groups of columns of x [rows, columns]: [rows, values], with the groups where `place` says. That of a single column is the column itself. */
export function logSums(x: Value, { alone, sums }: Groups): Value {
  const parts = [...(alone.length > 0 ? [columns(x, alone)] : []), ...(sums ? [log(max(addUp(exp(x), sums), LEAST))] : [])];
  return parts.length === 1 ? parts[0]! : concat(parts, -1);
}

/** Gathering has an order of adding that depends on nothing. */
function addUp(x: Value, { ids, rest }: Sums): Value {
  const rows = staticDim(x.shape, 0);
  const own = sum(reshape(columns(withNothing(x), ids), [rows, ids.length / BLOCK, BLOCK]), [-1]);
  return rest ? concat([own, addUp(own, rest)], -1) : own;
}

/** x with a column of zeros behind the last. */
export const withNothing = (x: Value): Value => concat([x, expand(x.graph.scalar(0), [staticDim(x.shape, 0), 1])], -1);

export const columns = (x: Value, ids: Int32Array): Value => gatherColumns(x, constantOf(x.graph, ids));

const known = new WeakMap<Int32Array, WeakMap<Graph, Value>>();

/** One constant a graph, however many chunks gather by it. */
function constantOf(graph: Graph, ids: Int32Array): Value {
  const constants = known.get(ids) ?? new WeakMap<Graph, Value>();
  known.set(ids, constants);
  const constant = constants.get(graph) ?? graph.constant('int32', [ids.length], ids);
  constants.set(graph, constant);
  return constant;
}
