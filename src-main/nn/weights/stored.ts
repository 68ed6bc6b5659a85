import { DTYPES } from '../../graph/dtype.ts';
import { withGradient } from '../../graph/custom-gradient.ts';
import { anew } from '../../graph/ops/anew.ts';
import { add } from '../../graph/ops/elementwise.ts';
import { gatherRows } from '../../graph/ops/gather.ts';
import { concat, padLast, reshape, slice, transpose } from '../../graph/ops/layout.ts';
import { matmul } from '../../graph/ops/matmul.ts';
import { staticDim } from '../../graph/shape.ts';
import type { Graph, Value } from '../../graph/value.ts';
import type { DType } from '../../graph/dtype.ts';
import { ENCODINGS } from './encodings/encodings.ts';
import { inPieces } from './pieces.ts';
import type { StoredLayout } from './stored-layout.ts';
import type { WeightFormat } from './weight-format.ts';

/** The parameters through which a graph reads a weight: views of the same bytes. */
export function storedViews(name: string, { encoding, width, rows }: StoredLayout): { name: string; dtype: DType; shape: readonly [number, number] }[] {
  const { views, elements, bytes } = ENCODINGS[encoding];
  return views.map((dtype) => ({ name: views.length === 1 && elements === 1 ? name : `${name}.${dtype}`, dtype, shape: [rows, (width / elements) * bytes / DTYPES[dtype].bytes] }));
}

/**
 * One weight, kept as it is stored and unpacked where a graph needs it, piece by piece, and again for what flows back:
 * no more than a piece is ever there in float32. The weight itself is not trained.
 */
export function stored(layout: StoredLayout): WeightFormat {
  return {
    unpacks: () => true,
    multiply: (x, { name }) => {
      const weight = new UnpackedWeight(x.graph, name, layout);
      const whole = inWholeBlocks(x, layout);
      const product = weight.timesRows(whole, `${whole.id} forward`);
      return withGradient('storedProduct', product, [whole], { name }, (upstream) => [weight.timesColumns(upstream, `${upstream.id} backward`)]);
    },
    lookUp: (ids, { name }) => {
      const views = declared(ids.graph, name, layout);
      return ENCODINGS[layout.encoding].unpack(views.map((view) => gatherRows(view, ids)));
    },
  };
}

/** Activations with zeros for the elements that fill a row's last block. */
export const inWholeBlocks = (x: Value, { of, width }: StoredLayout): Value => (of === 'outputs' ? padLast(x, width) : x);

/** Rows of a matrix as they are stored, in the order of its heads' halves: what each view of its encoding reads of them. */
export function storedRows(graph: Graph, name: string, layout: StoredLayout, from: number, to: number, use?: string): Value[] {
  return declared(graph, name, layout).map((view) => slice(inHeads(use === undefined ? view : anew(view, use), layout), 0, from, to));
}

class UnpackedWeight {
  private readonly graph: Graph;
  private readonly name: string;
  private readonly layout: StoredLayout;

  constructor(graph: Graph, name: string, layout: StoredLayout) {
    this.graph = graph;
    this.name = name;
    this.layout = layout;
  }

  /** x [..., inputs] times the matrix. */
  timesRows(x: Value, use: string): Value {
    if (this.layout.of === 'inputs') return matmul(x, this.unpack(0, this.layout.rows, use));
    // The activations come first: what is unpacked is then needed at once, and gone before the next piece.
    return concat(inPieces(this.layout.rows, this.layout.width).map(([from, to]) => matmul(x, this.unpack(from, to, use), { transB: true })), -1);
  }

  /** What flows back, [..., outputs], times the matrix turned round. */
  timesColumns(up: Value, use: string): Value {
    if (this.layout.of === 'inputs') return matmul(up, this.unpack(0, this.layout.rows, use), { transB: true });
    return inPieces(this.layout.rows, this.layout.width).map(([from, to]) => matmul(slice(up, -1, from, to), this.unpack(from, to, use))).reduce((sum, part) => add(sum, part));
  }

  /** Rows of the matrix in float32. @param use  each unpacks for itself */
  private unpack(from: number, to: number, use: string): Value {
    return ENCODINGS[this.layout.encoding].unpack(storedRows(this.graph, this.name, this.layout, from, to, use));
  }
}

function declared(graph: Graph, name: string, layout: StoredLayout): Value[] {
  return storedViews(name, layout).map((view) => graph.parameter(view.name, view.shape, view.dtype));
}

/** Rows in the order of their heads, and of the heads' halves. They are moved as they are stored. */
function inHeads(rows: Value, { pairedHeads: headDim, joinedHeads: heads }: StoredLayout): Value {
  const [count, bytes] = [staticDim(rows.shape, 0), staticDim(rows.shape, 1)];
  if (heads !== null) return reshape(transpose(reshape(rows, [3, heads, count / (3 * heads), bytes]), [1, 0, 2, 3]), [count, bytes]);
  if (headDim === null) return rows;
  const pairs = reshape(rows, [count / headDim, headDim / 2, 2, bytes]);
  return reshape(transpose(pairs, [0, 2, 1, 3]), [count, bytes]);
}
