/** What people call a quantization, by its number in `general.file_type`; the gaps are ones that were withdrawn. */
const NAMES: Readonly<Record<number, string>> = {
  0: 'F32', 1: 'F16', 2: 'Q4_0', 3: 'Q4_1', 7: 'Q8_0', 8: 'Q5_0', 9: 'Q5_1', 10: 'Q2_K', 11: 'Q3_K_S', 12: 'Q3_K_M', 13: 'Q3_K_L', 14: 'Q4_K_S', 15: 'Q4_K_M',
  16: 'Q5_K_S', 17: 'Q5_K_M', 18: 'Q6_K', 21: 'Q2_K_S', 25: 'IQ4_NL', 30: 'IQ4_XS', 32: 'BF16', 38: 'MXFP4_MOE',
};

/** A bit of files that do not know their type and took the likeliest. */
const GUESSED = 1024;

/**
 * The name by which a GGUF file as a whole goes: a mixture of several types has one of its own.
 * @param number  that the file gives, @param types  of its tensors
 * @returns undefined where it gives none, or that of another file: editing tools leave it as it was
 */
export function fileTypeName(number: number | undefined, types: readonly string[]): string | undefined {
  const name = number === undefined ? undefined : NAMES[number & ~GUESSED];
  return name !== undefined && types.some((type) => name === type || name.startsWith(`${type}_`)) ? name : undefined;
}
