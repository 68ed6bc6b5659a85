import { DTYPES } from '../dtype.ts';
import type { TensorType } from '../value.ts';
import type { OnnxAttribute } from './node-writer.ts';

/** `AttributeProto.AttributeType` and `TensorProto.DataLocation` of the schema. */
export const ATTRIBUTE = { FLOAT: 1, INT: 2, STRING: 3, GRAPH: 5, INTS: 7 } as const;
const EXTERNAL = 1;

/** Where the bytes of a weight lie outside the model: a name the session is told, and a range in bytes. */
export interface ExternalData { location: string; offset: number; length: number }

export interface TensorProto { name: string; dims: number[]; dataType: number; rawData?: Uint8Array; dataLocation?: number; externalData?: { key: string; value: string }[] }

export function stored(data: ExternalData | Uint8Array): Pick<TensorProto, 'rawData' | 'dataLocation' | 'externalData'> {
  if (data instanceof Uint8Array) return { rawData: data };
  const { location, offset, length } = data;
  return {
    dataLocation: EXTERNAL,
    externalData: [
      { key: 'location', value: location }, { key: 'offset', value: String(offset) }, { key: 'length', value: String(length) },
    ],
  };
}

export function valueInfo({ name, dtype, shape }: TensorType & { readonly name: string }): object {
  const dim = shape.map((size) => (typeof size === 'number' ? { dimValue: size } : { dimParam: size }));
  return { name, type: { tensorType: { elemType: DTYPES[dtype].code, shape: { dim } } } };
}

export function attributeProto(name: string, value: OnnxAttribute): object {
  if (typeof value === 'number') return { name, type: ATTRIBUTE.INT, i: value };
  if (typeof value === 'string') return { name, type: ATTRIBUTE.STRING, s: new TextEncoder().encode(value) };
  if ('float' in value) return { name, type: ATTRIBUTE.FLOAT, f: value.float };
  return { name, type: ATTRIBUTE.INTS, ints: [...value] };
}
