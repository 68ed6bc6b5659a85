import { Problem } from '../../contract/problem.ts';
import type { GgufContents } from './contents.ts';
import type { ArchitectureKeys } from './plan.ts';

export const ROPE_FACTORS = 'rope_freqs.weight';

interface Constants { readonly low_freq_factor: number; readonly high_freq_factor: number; readonly original_max_position_embeddings: number }

/** The constants that every published Llama 3 has; the converter of llama.cpp writes only the factors they give. */
const LLAMA3: Constants = { low_freq_factor: 1, high_freq_factor: 4, original_max_position_embeddings: 8192 };

interface Rope { readonly theta: number; readonly headDim: number }

/** `rope_scaling` of config.json, or null. Throws a `Problem` for a kind that cannot be expressed there. */
export async function readRopeScaling(file: GgufContents, keys: ArchitectureKeys, rope: Rope): Promise<Readonly<Record<string, unknown>> | null> {
  const linear = keys.number('rope.scale_linear', 1);
  const factor = keys.number('rope.scaling.factor', linear);
  const type = keys.text('rope.scaling.type') ?? (factor === 1 ? 'none' : 'linear');
  const factors = file.has(ROPE_FACTORS) ? await readFactors(file, rope) : null;
  // Whether the model was trained with it says nothing about what it computes.
  keys.ignore('rope.scaling.finetuned');
  if (type !== 'yarn') keys.ignore('rope.scaling.original_context_length');
  keys.only('rope.scaling.attn_factor', 1);
  if (factors && type !== 'none') throw keys.unsupported('rope.scaling.type', `The tensor ${ROPE_FACTORS} scales the rotary embedding as well.`);
  switch (type) {
    case 'none': return factors;
    case 'linear': return factor === 1 ? null : { rope_type: 'linear', factor };
    case 'yarn': return {
      rope_type: 'yarn', factor, original_max_position_embeddings: keys.count('rope.scaling.original_context_length'),
      beta_fast: keys.number('rope.scaling.yarn_beta_fast', 32), beta_slow: keys.number('rope.scaling.yarn_beta_slow', 1),
      ...(keys.has('rope.scaling.yarn_attn_factor') && { attention_factor: keys.number('rope.scaling.yarn_attn_factor') }),
    };
    default: throw keys.unsupported('rope.scaling.type', 'Retort imports none, linear and yarn.');
  }
}

/** Recognizes the factors of Llama 3, by which the wavelength of each pair of a head is stretched. */
async function readFactors(file: GgufContents, rope: Rope): Promise<Readonly<Record<string, unknown>> | null> {
  const found = await file.read(ROPE_FACTORS);
  if (2 * found.length !== rope.headDim) throw strange(file);
  if (found.every((factor) => factor === 1)) return null;
  const factor = found.at(-1) ?? 1;
  const constants = [LLAMA3, ...fitted(found, factor, rope)].find((candidate) => explains(candidate, found, factor, rope));
  if (!constants) throw strange(file);
  return { rope_type: 'llama3', factor, ...constants };
}

const strange = ({ path }: GgufContents): Problem => new Problem(`${path}: the factors in the tensor ${ROPE_FACTORS} are not those of Llama 3.`, {
  hint: 'This scaling of the rotary embedding cannot be imported.',
});

function explains(constants: Constants, found: Float32Array, factor: number, rope: Rope): boolean {
  const expected = llama3Factors(factor, constants, rope);
  return expected.length === found.length && expected.every((value, pair) => Math.abs(value - found[pair]!) <= 1e-4 * value);
}

/**
 * Constants that would give the factors: how many turns a pair makes within the context is a line between the limits. The
 * factors know all three but for a common multiple, so the low limit is one turn, as everywhere.
 */
function fitted(found: Float32Array, factor: number, rope: Rope): Constants[] {
  const frequency = (pair: number): number => 1 / (2 * Math.PI * rope.theta ** (2 * pair / rope.headDim));
  const smooth = (pair: number): number => (1 / found[pair]! - 1 / factor) / (1 - 1 / factor);
  const between = Array.from(found.keys()).filter((pair) => found[pair]! > 1 + 1e-5 && found[pair]! < factor * (1 - 1e-5));
  const [first, last] = [between.at(0), between.at(-1)];
  const stretched = found.indexOf(factor);
  if (first === undefined || last === undefined) {
    if (stretched < 1) return [];
    // Both limits lie somewhere between two neighbours.
    const third = (frequency(stretched - 1) / frequency(stretched)) ** (1 / 3);
    return [constantsOf(1 / (third * frequency(stretched)), third)];
  }
  if (first === last) return [constantsOf((1 + 3 * smooth(first)) / frequency(first), 4)];
  const slope = (smooth(first) - smooth(last)) / (frequency(first) - frequency(last));
  const width = 1 / (slope * frequency(first) - smooth(first));
  return [constantsOf(slope * width, 1 + width)];
}

/** Whole where they are as good as whole. */
function constantsOf(context: number, high: number): Constants {
  const whole = (value: number): number => (Math.abs(value - Math.round(value)) <= 2e-3 * value ? Math.round(value) : value);
  return { low_freq_factor: 1, high_freq_factor: whole(high), original_max_position_embeddings: Math.round(context) };
}

/** Full stretch for wavelengths over the low limit, none under the high one, and a smooth passage between them. */
function llama3Factors(factor: number, { low_freq_factor: low, high_freq_factor: high, original_max_position_embeddings: context }: Constants, { theta, headDim }: Rope): number[] {
  return Array.from({ length: headDim / 2 }, (_, pair) => {
    const turns = context / (2 * Math.PI * theta ** (2 * pair / headDim));
    const smooth = Math.min(1, Math.max(0, (turns - low) / (high - low)));
    return 1 / ((1 - smooth) / factor + smooth);
  });
}
