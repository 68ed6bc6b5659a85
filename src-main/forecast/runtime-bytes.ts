/** Node with ONNX Runtime and nothing in them. */
const BASE = 150 * 2 ** 20;
/** A node of a graph as the runtime keeps it, and as it was traced and written. Measured with graphs of 500 to 4,000 nodes. */
const NODE = 64 * 2 ** 10;
/** Of a graph that learns, the share of nodes that one without a backward pass has. */
const FORWARD = 1 / 3;

/** What the program itself takes. @param nodes  of the graph that learns, @param others  graphs beside it: the teacher's, the one that writes */
export function runtimeBytes(nodes: number, others: number): number {
  return Math.round(BASE + NODE * nodes * (1 + others * FORWARD));
}
