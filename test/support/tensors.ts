import { SafetensorsFile } from '../../src-main/model/safetensors-read.ts';

/** Every tensor of a safetensors file, by name. */
export async function tensorMap(path: string): Promise<Map<string, Float32Array>> {
  const file = await SafetensorsFile.open(path);
  const read = new Map<string, Float32Array>();
  for (const { name, shape } of file.tensors) {
    const data = new Float32Array(shape.reduce((size, dim) => size * dim, 1));
    await file.read(name, data);
    read.set(name, data);
  }
  return read;
}

/** Asked for a tensor of a safetensors file by its name. */
export async function tensorsOf(path: string): Promise<(name: string) => Float32Array> {
  const read = await tensorMap(path);
  return (name) => {
    const data = read.get(name);
    if (!data) throw new Error(`${path} has no ${name}`);
    return data;
  };
}
