import { DTYPES, type DType } from '../../graph/dtype.ts';
import { ATTRIBUTE } from '../../graph/onnx/protos.ts';
import { readOnnx, type ReadAttribute, type ReadModel } from '../../graph/onnx/read.ts';
import type { OnnxGraph } from '../../graph/onnx/write.ts';
import { tensorOf, type Tensor } from '../tensor.ts';
import type { Attributes, Kernel } from './kernels/kernel.ts';
import { kernelOf } from './kernels/table.ts';

/** A node, with what computes it. */
export interface Step {
  readonly type: string;
  readonly kernel: Kernel;
  /** Names; empty where an optional input is absent. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Attributes;
  /** What nobody reads after this step. */
  readonly last: readonly string[];
}

/** A graph as it is computed, node by node. */
export interface Plan {
  readonly steps: readonly Step[];
  readonly constants: ReadonlyMap<string, Tensor>;
  /** Constants that are given beside the graph, by their names in it, and their names there. */
  readonly outside: ReadonlyMap<string, string>;
}

const DTYPE_OF = new Map((Object.keys(DTYPES) as DType[]).map((dtype) => [DTYPES[dtype].code, dtype]));
const OUTSIDE = 1;

/** @throws Problem where an operator has no kernel */
export function planOf({ bytes, outputs }: OnnxGraph): Plan {
  const { graph } = readOnnx(bytes);
  const kept = new Set([...graph.initializer, ...graph.input, ...outputs].map(({ name }) => name));
  const lastUse = new Map<string, number>();
  graph.node.forEach(({ input, output }, at) => { for (const name of [...output, ...input]) if (name !== '' && !kept.has(name)) lastUse.set(name, at); });
  const ending = graph.node.map((): string[] => []);
  for (const [name, at] of lastUse) ending[at]!.push(name);
  const isOutside = ({ dataLocation }: Initializer): boolean => dataLocation === OUTSIDE;
  return {
    steps: graph.node.map(({ opType: type, input, output, attribute }, at) => (
      { type, kernel: kernelOf(type), inputs: input, outputs: output, attributes: attributesOf(attribute), last: ending[at]! })),
    constants: new Map(graph.initializer.filter((one) => !isOutside(one)).map((one) => [one.name, constantOf(one)])),
    outside: new Map(graph.initializer.filter(isOutside).map(({ name, externalData }) => [name, externalData.find(({ key }) => key === 'location')!.value])),
  };
}

type Initializer = ReadModel['graph']['initializer'][number];

function constantOf({ dataType, dims, rawData }: Initializer): Tensor {
  const { dtype, shape, data } = tensorOf(DTYPE_OF.get(dataType)!, dims, rawData);
  // What is larger than an int32 stands for the end of whatever is cut.
  return data instanceof BigInt64Array ? { dtype: 'int32', shape, data: Int32Array.from(data, (value) => Math.max(-0x80000000, Math.min(0x7fffffff, Number(value)))) } : { dtype, shape, data };
}

function attributesOf(attributes: readonly ReadAttribute[]): Attributes {
  return Object.fromEntries(attributes.flatMap(({ name, type, f, i, s, ints }): [string, Attributes[string]][] => {
    switch (type) {
      case ATTRIBUTE.FLOAT: return [[name, f]];
      case ATTRIBUTE.INT: return [[name, i]];
      case ATTRIBUTE.INTS: return [[name, ints]];
      case ATTRIBUTE.STRING: return [[name, new TextDecoder().decode(s)]];
      default: return [];
    }
  }));
}
