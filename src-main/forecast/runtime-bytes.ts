/** Node with ONNX Runtime and nothing in them. */
const BASE = 150 * 2 ** 20;
/** A node of a graph as the runtime keeps it, and as it was traced and written. Measured with graphs of 500 to 12,000 nodes. */
const NODE = 8 * 2 ** 10;
/**
 * A token of a vocabulary with its merges: 300 bytes as tokenizers keep it, and what reading it leaves for the collector, who
 * leaves it lying while the first steps are made. Measured with folders and GGUF files of 150,000 tokens.
 */
const TOKEN = 700;

/** What the program itself takes. @param nodes  of all its graphs, @param tokens  of the vocabularies of its models */
export function runtimeBytes(nodes: number, tokens: number): number {
  return Math.round(BASE + NODE * nodes + TOKEN * tokens);
}
