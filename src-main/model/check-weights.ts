import { Problem } from '../contract/problem.ts';
import type { WeightSpec } from './model-files.ts';

const SHOWN = 5;

/** Throws one `Problem` that names the weights which are missing, not expected, or of another shape. @param path  of the model */
export function checkWeights(path: string, tensors: readonly WeightSpec[], expected: readonly WeightSpec[]): void {
  const names = new Set(expected.map(({ name }) => name));
  const shapes = new Map(tensors.map(({ name, shape }) => [name, shape]));
  const missing = expected.filter(({ name }) => !shapes.has(name)).map(({ name }) => name);
  const unexpected = tensors.filter(({ name }) => !names.has(name)).map(({ name }) => name);
  const misshapen = expected.flatMap(({ name, shape }) => {
    const found = shapes.get(name);
    return found && found.join() !== shape.join() ? [`${name} has shape [${found.join(', ')}] instead of [${shape.join(', ')}]`] : [];
  });
  const complaints = [some('missing', missing), some('not expected', unexpected), some('wrong', misshapen)].filter((text) => text !== '');
  if (complaints.length === 0) return;
  throw new Problem(`the weights in ${path} do not fit its config.json: ${complaints.join('; ')}`, {
    hint: 'Check that config.json and the weights belong to the same model.',
  });
}

function some(what: string, items: readonly string[]): string {
  if (items.length === 0) return '';
  const more = items.length > SHOWN ? ` and ${items.length - SHOWN} more` : '';
  return `${what}: ${items.slice(0, SHOWN).join(', ')}${more}`;
}
