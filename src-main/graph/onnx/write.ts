import protobuf from 'protobufjs';
import { DTYPES, type DType } from '../dtype.ts';
import { sizeOf, type Shape } from '../shape.ts';
import { topological, type ConstantData, type Value } from '../value.ts';
import { made, type LoopBody, type NodeWriter, type OnnxAttribute } from './node-writer.ts';
import { ATTRIBUTE, attributeProto, stored, valueInfo, type ExternalData, type TensorProto } from './protos.ts';
import schema from './schema.json' with { type: 'json' };
import { typesBetween } from './types-between.ts';

const ModelProto = protobuf.Root.fromJSON(schema).lookupType('onnx.ModelProto');

const OPSET = 21;
const IR_VERSION = 10;

export interface WriteOptions {
  /**
   * Weights as inputs can change between runs and are never copied; as initializers they are prepacked by the
   * session, which makes decoding faster, and stay what they were. An initializer names where its bytes lie, or
   * brings them into the model; null makes an input of one weight among them.
   */
  weights: 'inputs' | ((name: string, shape: Shape, dtype: DType) => ExternalData | Uint8Array | null);
  dialect?: NodeWriter['dialect'];
}

export interface Port { readonly name: string; readonly dtype: DType; readonly shape: Shape }

/** An input of int64 [dims.length] that holds what the inputs' shapes say of these dimensions. */
export interface SizesPort { readonly name: string; readonly dims: Shape }

export interface OnnxGraph {
  readonly bytes: Uint8Array;
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  /** Weights the graph reads, in a fixed order. */
  readonly parameters: readonly Port[];
  /** Inputs that executors fill in by themselves. */
  readonly sizes: readonly SizesPort[];
}

/**
 * Writes what the outputs need, and nothing else, as an ONNX model.
 *
 * @param outputs  name of each output and the value behind it
 */
export function writeOnnx(outputs: Readonly<Record<string, Value>>, options: WriteOptions): OnnxGraph {
  const model = new OnnxModel(outputs, options);
  return model.write();
}

/** A node as it is run: its operator, names of what it reads and makes, and of a loop the nodes that each round runs. */
export interface RunNode { readonly opType: string; readonly input: readonly string[]; readonly output: readonly string[]; readonly within?: readonly RunNode[] }

/** What a graph does with memory when it is run. */
export interface RunPlan {
  /** In the order in which they are written. */
  readonly nodes: readonly RunNode[];
  /** Bytes of what nodes make, by name; what is as large as its inputs say is left out. */
  readonly bytes: ReadonlyMap<string, number>;
  /** Of those, their shape and the bytes of an element, as a text that equal ones share. */
  readonly kinds: ReadonlyMap<string, string>;
  /** Names of the outputs, which whoever runs the graph brings memory for. */
  readonly outputs: ReadonlySet<string>;
  /** What is given at each run: inputs, and weights that are. */
  readonly given: readonly Port[];
  /** Bytes of each constant that is written into the graph. */
  readonly constants: readonly number[];
}

/** What `writeOnnx` would write, as far as memory goes. */
export function planRun(outputs: Readonly<Record<string, Value>>, options: WriteOptions): RunPlan {
  const model = new OnnxModel(outputs, options);
  model.write();
  return model.plan();
}

interface NodeProto {
  opType: string; domain: string; name: string; input: string[]; output: string[]; attribute: object[];
  /** Of a loop: what its body reads of the graph around it, and the body's nodes. */
  body?: { reads: string[]; nodes: NodeProto[] };
}

class OnnxModel implements NodeWriter {
  readonly dialect: NodeWriter['dialect'];
  private readonly outputs: [string, Value][];
  private readonly options: WriteOptions;
  private readonly names = new Map<Value, string>();
  private readonly taken = new Set<string>();
  private readonly used = new Set<Value>();
  /** Of the graph, or of the body that is being written. */
  private nodes: NodeProto[] = [];
  private readonly initializers: TensorProto[] = [];
  private readonly constants = new Map<string, string>();
  private readonly inputs: Port[] = [];
  private readonly parameters: Port[] = [];
  /** Those that are given at each run. */
  private readonly given: Port[] = [];
  /** Shapes that ONNX Runtime does not work out by itself: a loop's state might change its own. */
  private readonly known: Port[] = [];
  private readonly sizePorts: SizesPort[] = [];
  private counter = 0;

  constructor(outputs: Readonly<Record<string, Value>>, options: WriteOptions) {
    this.outputs = Object.entries(outputs);
    this.options = options;
    this.dialect = options.dialect ?? 'onnxruntime';
  }

  write(): OnnxGraph {
    const { nodes, sources } = topological(this.outputs.map(([, value]) => value));
    for (const node of nodes) node.inputs.forEach((input) => this.used.add(input));
    for (const [name, value] of this.outputs) {
      this.taken.add(name);
      this.used.add(value);
      // The first name of a computed value becomes the tensor's own, which saves a copy.
      if (value.producer && !this.names.has(value)) this.names.set(value, name);
    }
    for (const source of sources) this.declare(source);
    for (const node of nodes) node.operator.emit(node, this);
    for (const [name, value] of this.outputs) {
      if (this.nameOf(value) !== name) this.node('Identity', [value], [name]);
    }
    const graph = {
      name: 'retort',
      node: this.unpackingFirst(),
      initializer: this.initializers,
      valueInfo: this.known.map(valueInfo),
      input: this.inputs.concat(this.given, this.sizePorts.map(({ name, dims }) => ({ name, dtype: 'int64', shape: [dims.length] }))).map(valueInfo),
      output: this.outputs.map(([name, value]) => valueInfo({ name, dtype: value.dtype, shape: value.shape })),
    };
    const opsetImport = [{ domain: '', version: OPSET }];
    const all = this.nodes.flatMap((node) => [node, ...node.body?.nodes ?? []]);
    if (all.some((node) => node.domain !== '')) opsetImport.push({ domain: 'com.microsoft', version: 1 });
    return {
      bytes: ModelProto.encode({ irVersion: IR_VERSION, producerName: 'retort', opsetImport, graph }).finish(),
      inputs: this.inputs,
      outputs: this.outputs.map(([name, value]) => ({ name, dtype: value.dtype, shape: value.shape })),
      parameters: this.parameters,
      sizes: this.sizePorts,
    };
  }

  plan(): RunPlan {
    const values = [...this.names].map(([value, name]) => ({ name, dtype: value.dtype, shape: value.shape, isMade: value.producer !== null }));
    const types = new Map([...values, ...this.parameters].flatMap(({ name, dtype, shape }) => (isStatic(shape) ? [[name, { dtype, shape }] as const] : [])));
    const nodes = this.unpackingFirst();
    const between = typesBetween(nodes.flatMap((node) => [node, ...node.body?.nodes ?? []]), types, this.initializers);
    const made = [...values.flatMap(({ name, isMade }) => (isMade && types.has(name) ? [[name, types.get(name)!] as const] : [])), ...between];
    return {
      nodes: nodes.map(asRun), outputs: new Set(this.outputs.map(([name]) => name)), given: [...this.inputs, ...this.given],
      bytes: new Map(made.map(([name, { dtype, shape }]) => [name, sizeOf(shape) * DTYPES[dtype].bytes])),
      kinds: new Map(made.map(([name, { dtype, shape }]) => [name, `${shape.join()} of ${DTYPES[dtype].bytes}`])),
      constants: this.initializers.flatMap(({ rawData }) => rawData?.byteLength ?? []),
    };
  }

  nameOf(value: Value): string {
    const known = this.names.get(value);
    if (known !== undefined) return known;
    const name = this.temporary();
    this.names.set(value, name);
    return name;
  }

  alias(value: Value, to: Value): void {
    const wanted = this.names.get(value);
    // An output that only aliases keeps its name, and the final Identity copies into it.
    if (wanted === undefined || !this.taken.has(wanted)) this.names.set(value, this.nameOf(to));
    else this.node('Identity', [to], [wanted]);
  }

  isUsed(value: Value): boolean {
    return this.used.has(value);
  }

  temporary(): string {
    let name: string;
    do name = `t${this.counter++}`; while (this.taken.has(name));
    this.taken.add(name);
    return name;
  }

  constant(dtype: DType, shape: readonly number[], data: ConstantData): string {
    const key = data.length <= 16 ? `${dtype} ${shape.join()} ${data.join()}` : null;
    const known = key === null ? undefined : this.constants.get(key);
    if (known !== undefined) return known;
    const name = this.temporary();
    if (key !== null) this.constants.set(key, name);
    const rawData = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    this.initializers.push({ name, dims: [...shape], dataType: DTYPES[dtype].code, rawData });
    return name;
  }

  sizes(dims: Shape): string {
    const name = `sizes ${dims.join(' x ')}`;
    if (!this.taken.has(name)) {
      this.taken.add(name);
      this.sizePorts.push({ name, dims });
    }
    return name;
  }

  node(type: string, inputs: readonly (Value | string)[], outputs: readonly (Value | string)[],
    attributes: Readonly<Record<string, OnnxAttribute>> = {}, domain = ''): void {
    const name = (tensor: Value | string): string => (typeof tensor === 'string' ? tensor : this.nameOf(tensor));
    const output = outputs.map(name);
    this.nodes.push({
      opType: type, domain, name: `${type}_${output[0]}`, input: inputs.map(name), output,
      attribute: Object.entries(attributes).map(([key, value]) => attributeProto(key, value)),
    });
  }

  loop(count: Value, state: Value, outer: readonly Value[], { index, state: given, nodes, next, told }: LoopBody, outputs: readonly Value[]): void {
    const reads = outer.map((value) => this.nameOf(value));
    const around = this.nodes;
    this.nodes = [];
    for (const node of nodes) node.inputs.forEach((input) => this.used.add(input));
    for (const node of nodes) node.operator.emit(node, this);
    const [goesOn, goingOn] = [this.temporary(), this.temporary()];
    this.node('Identity', [goesOn], [goingOn]);
    const made = new Set(this.nodes.flatMap((node) => node.output));
    const ends = (told ? [next, told] : [next]).map((value) => {
      const name = made.has(this.nameOf(value)) ? this.nameOf(value) : this.temporary();
      if (!made.has(name)) this.node('Identity', [value], [name]);
      return { ...value, name };
    });
    const [body, names] = [this.nodes, outputs.map((output) => this.nameOf(output))];
    const [name] = names;
    this.nodes = around;
    outputs.forEach(({ dtype, shape }, at) => this.known.push({ name: names[at]!, dtype, shape }));
    const graph = {
      name: `body of ${name}`, node: body,
      input: [{ ...index, name: this.nameOf(index) }, { name: goesOn, dtype: 'bool' as const, shape: [] }, { ...given, name: this.nameOf(given) }].map(valueInfo),
      output: [{ name: goingOn, dtype: 'bool' as const, shape: [] }, ...ends].map(valueInfo),
    };
    this.nodes.push({
      opType: 'Loop', domain: '', name: `Loop_${name}`, input: [this.nameOf(count), '', this.nameOf(state)], output: names,
      attribute: [{ name: 'body', type: ATTRIBUTE.GRAPH, g: graph }], body: { reads, nodes: body },
    });
  }

  /**
   * The nodes, those first that make something of weights alone. ONNX Runtime computes what a node reads in the order
   * of its place in this list, the last first: so activations come before the weights that they are multiplied by, and
   * a weight is unpacked when it is needed. The other way round every weight of a model would be there at once.
   */
  private unpackingFirst(): NodeProto[] {
    const ofWeights = new Set(this.parameters.map(({ name }) => name));
    const constants = new Set(this.initializers.map(({ name }) => name));
    const [first, rest]: [NodeProto[], NodeProto[]] = [[], []];
    for (const node of this.nodes) {
      const isUnpacking = node.input.some((name) => ofWeights.has(name)) && node.input.every((name) => name === '' || ofWeights.has(name) || constants.has(name));
      if (isUnpacking) node.output.forEach((name) => ofWeights.add(name));
      (isUnpacking ? first : rest).push(node);
    }
    return [...first, ...rest];
  }

  private declare(value: Value): void {
    const source = value.source;
    if (!source) throw new Error('a value without a producer must be a source');
    switch (source.kind) {
      case 'constant':
        this.names.set(value, this.constant(value.dtype, value.shape.map(Number), source.data));
        return;
      case 'local':
        throw new Error('what a loop hands to its body is not known outside');
      case 'input':
        this.reserve(value, source.name);
        this.inputs.push({ name: source.name, dtype: value.dtype, shape: value.shape });
        return;
      case 'parameter': {
        this.reserve(value, source.name);
        const port = { name: source.name, dtype: value.dtype, shape: value.shape };
        this.parameters.push(port);
        // WebGPU does nothing with signed bytes but this.
        if (this.dialect === 'webgpu' && value.dtype === 'int8') this.names.set(value, made(this, 'DequantizeLinear', [source.name, this.constant('float32', [], Float32Array.of(1))]));
        const data = this.options.weights === 'inputs' ? null : this.options.weights(source.name, value.shape, value.dtype);
        if (data === null) this.given.push(port);
        else {
          this.initializers.push({ name: source.name, dims: value.shape.map(Number), dataType: DTYPES[value.dtype].code, ...stored(data) });
        }
      }
    }
  }

  private reserve(value: Value, name: string): void {
    if (this.taken.has(name)) throw new Error(`"${name}" names two tensors of a graph`);
    this.taken.add(name);
    this.names.set(value, name);
  }
}

const isStatic = (shape: Shape): shape is readonly number[] => shape.every((dim) => typeof dim === 'number');

function asRun({ opType, input, output, body }: NodeProto): RunNode {
  return body ? { opType, input: [...input, ...body.reads], output, within: body.nodes.map(asRun) } : { opType, input, output };
}
