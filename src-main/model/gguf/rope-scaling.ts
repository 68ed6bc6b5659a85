import { Problem } from '../../contract/problem.ts';
import type { GgufContents } from './contents.ts';
import type { ArchitectureKeys } from './plan.ts';

export const ROPE_FACTORS = 'rope_freqs.weight';

/** The constants that every published Llama 3 has; the converter of llama.cpp writes only the factors they give. */
const LLAMA3 = { low_freq_factor: 1, high_freq_factor: 4, original_max_position_embeddings: 8192 };

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
  if (found.every((factor) => factor === 1)) return null;
  const factor = found.at(-1) ?? 1;
  const expected = llama3Factors(factor, rope);
  const isLlama3 = expected.length === found.length && expected.every((value, pair) => Math.abs(value - found[pair]!) <= 1e-4 * value);
  if (!isLlama3) {
    throw new Problem(`${file.path}: the factors in the tensor ${ROPE_FACTORS} are not those of Llama 3`, {
      hint: 'This scaling of the rotary embedding cannot be imported.',
    });
  }
  return { rope_type: 'llama3', factor, ...LLAMA3 };
}

/** Full stretch for wavelengths over the low limit, none under the high one, and a smooth passage between them. */
function llama3Factors(factor: number, { theta, headDim }: Rope): number[] {
  const { low_freq_factor: low, high_freq_factor: high, original_max_position_embeddings: context } = LLAMA3;
  return Array.from({ length: headDim / 2 }, (_, pair) => {
    const turns = context / (2 * Math.PI * theta ** (2 * pair / headDim));
    const smooth = Math.min(1, Math.max(0, (turns - low) / (high - low)));
    return 1 / ((1 - smooth) / factor + smooth);
  });
}
