import { existsSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DTYPES } from '../graph/dtype.ts';
import { readOnnx, type ReadModel } from '../graph/onnx/read.ts';

/**
 * Looks a written file over: every tensor is made once and before it is read, every operator's set is named, every
 * weight has the bytes that its shape asks for. ONNX Runtime checks types and shapes when it opens the file.
 *
 * @throws Error, because a file that fails is this program's fault
 */
export async function checkOnnx(path: string): Promise<void> {
  const model = readOnnx(await readFile(path));
  const faults = [...faultsOfGraph(model), ...await faultsOfWeights(model, dirname(path))];
  if (faults.length > 0) throw new Error(`${path} is not a valid model: ${faults.slice(0, 5).join('; ')}`);
}

function faultsOfGraph({ graph, opsetImport }: ReadModel): string[] {
  const faults: string[] = [];
  const domains = new Set(opsetImport.map(({ domain }) => domain));
  const made = new Set([''].concat(graph.input.map(({ name }) => name)));
  const make = (name: string): void => {
    if (name !== '' && made.has(name)) faults.push(`${name} is made twice`);
    made.add(name);
  };
  for (const { name } of graph.initializer) make(name);
  for (const { name, opType, domain, input, output } of graph.node) {
    if (!domains.has(domain)) faults.push(`${opType} belongs to "${domain}", which the model does not import`);
    for (const tensor of input) if (!made.has(tensor)) faults.push(`${name} reads ${tensor}, which nothing has made`);
    output.forEach(make);
  }
  for (const { name } of graph.output) if (!made.has(name)) faults.push(`nothing makes the output ${name}`);
  return faults;
}

async function faultsOfWeights({ graph }: ReadModel, folder: string): Promise<string[]> {
  const faults: string[] = [];
  for (const { name, dims, dataType, rawData, dataLocation, externalData } of graph.initializer) {
    const dtype = Object.values(DTYPES).find(({ code }) => code === dataType);
    const expected = dims.reduce((product, dim) => product * dim, dtype?.bytes ?? NaN);
    if (dataLocation === 0) {
      if (rawData.length !== expected) faults.push(`${name} has ${rawData.length} bytes instead of ${expected}`);
      continue;
    }
    const place = Object.fromEntries(externalData.map(({ key, value }) => [key, value]));
    const file = join(folder, place['location'] ?? '');
    const end = Number(place['offset'] ?? 0) + expected;
    if (!existsSync(file) || (await stat(file)).size < end || Number(place['length']) !== expected) faults.push(`${name} does not lie in ${place['location']}`);
  }
  return faults;
}
