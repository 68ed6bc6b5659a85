import type { Parity } from './parity.ts';
import type { Precision } from './precision.ts';

export interface CardFacts {
  name: string;
  parameters: number;
  precision: Precision;
  files: readonly string[];
  /** Whether an encoder reads the prompt. */
  reads: boolean;
  parity: Parity;
}

/** The README of an exported model: how to use it, and how near it is to what was trained. */
export function modelCard({ name, parameters, precision, files, parity, reads }: CardFacts): string {
  const task = reads ? 'text2text-generation' : 'text-generation';
  return `---
library_name: transformers.js
pipeline_tag: ${task}
license: # fill in: the licences of teacher, student and data decide
---

# ${name}

${(parameters / 1e6).toFixed(1)} million parameters, distilled with Retort and exported as ${files.map((file) => `\`onnx/${file}\``).join(' and ')} (${precision}).

| Against the trained weights | |
|---|---|
| largest difference of a logit | ${parity.maxLogitDifference.toExponential(2)} |
| mean difference of a logit | ${parity.meanLogitDifference.toExponential(2)} |
| same first choice | ${(100 * parity.topAgreement).toFixed(2)}% of positions |

\`\`\`js
import { pipeline } from '@huggingface/transformers';
const generate = await pipeline('${task}', './this-folder', { dtype: '${DTYPES[precision]}' });
console.log(await generate('...', { max_new_tokens: 64 }));
\`\`\`
`;
}

/** What transformers.js calls the precisions. */
const DTYPES: Readonly<Record<Precision, string>> = { fp32: 'fp32', fp16: 'fp16', int8: 'q8', int4: 'q4' };
