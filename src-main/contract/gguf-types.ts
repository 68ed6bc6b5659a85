/** How the weights of a GGUF file are kept, from the most exact: the names of llama.cpp's mixtures. */
export const GGUF_TYPES = ['f16', 'bf16', 'q8_0', 'q6_k', 'q5_k_m', 'q4_k_m', 'q4_0', 'q3_k_m', 'q2_k'] as const;
export type GgufType = (typeof GGUF_TYPES)[number];

/** What each is for. */
export const GGUF_FACTS: Readonly<Record<GgufType, { name: string; words: string }>> = {
  f16: { name: 'Half precision', words: '16 bits a weight: the file that others are made from.' },
  bf16: { name: 'bfloat16', words: '16 bits a weight, for models trained so; slow on many CPUs.' },
  q8_0: { name: '8-bit', words: '8.5 bits a weight; hardly to be told from the trained weights.' },
  q6_k: { name: '6-bit', words: '6.6 bits a weight; nearly as good.' },
  q5_k_m: { name: '5-bit mixture', words: '5.7 bits a weight on average.' },
  q4_k_m: { name: '4-bit mixture', words: '4.9 bits a weight on average: what most people run.' },
  q4_0: { name: '4-bit, plain', words: '4.5 bits a weight; the quickest, less exact than the mixture.' },
  q3_k_m: { name: '3-bit mixture', words: '3.9 bits a weight on average; small models lose much.' },
  q2_k: { name: '2-bit mixture', words: '3 bits a weight on average; for large models, or trained as shipped.' },
};
