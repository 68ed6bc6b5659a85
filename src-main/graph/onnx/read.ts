import protobuf from 'protobufjs';
import schema from './schema.json' with { type: 'json' };

const ModelProto = protobuf.Root.fromJSON(schema).lookupType('onnx.ModelProto');

/** An attribute of a node; which of its values counts is told by `AttributeProto.AttributeType`. */
export interface ReadAttribute { name: string; type: number; f: number; i: number; s: Uint8Array; ints: number[] }

/** What of a model's file can be checked without running it. Absent lists are empty. */
export interface ReadModel {
  opsetImport: { domain: string; version: number }[];
  graph: {
    input: { name: string }[];
    output: { name: string }[];
    node: { name: string; opType: string; domain: string; input: string[]; output: string[]; attribute: ReadAttribute[] }[];
    initializer: { name: string; dims: number[]; dataType: number; rawData: Uint8Array; dataLocation: number; externalData: { key: string; value: string }[] }[];
  };
}

/** @throws where the bytes are not an ONNX model */
export function readOnnx(bytes: Uint8Array): ReadModel {
  return ModelProto.toObject(ModelProto.decode(bytes), { longs: Number, arrays: true, defaults: true }) as ReadModel;
}
