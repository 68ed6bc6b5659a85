import { fillUniform } from '../../contract/random.ts';
import { adapterParameters, type Adapters } from '../weights/adapted.ts';

/**
 * Fills fresh adapters as PEFT does: A evenly between -1 / sqrt(inputs) and 1 / sqrt(inputs) (Kaiming's with a = sqrt 5), B zero,
 * so that the model is what it was.
 * @param into  the memory of a parameter
 */
export function initializeAdapters(adapters: Adapters, seed: number, into: (name: string) => Float32Array): void {
  adapterParameters(adapters).forEach(({ name, shape: [, inputs] }, example) => {
    // A and B alternate.
    if (example % 2 === 0) fillUniform(into(name), seed, { purpose: 'adapter', example }, 1 / Math.sqrt(inputs!));
    else into(name).fill(0);
  });
}
