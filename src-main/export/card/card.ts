import { createRequire } from 'node:module';
import { version } from '../../../package.json' with { type: 'json' };
import { PRECISION_FACTS, type ExportedPrecision, type ExportOrigin, type ExportPrecision, type ExportReport } from '../../contract/export-report.ts';
import type { Ancestor } from '../../contract/lineage.ts';
import type { ModelFiles } from '../../model/model-files.ts';
import { ggufSection } from '../gguf/card-section.ts';
import { frontMatterOf } from './front-matter.ts';
import { agreementOf, fenced, percent, plain, quoted, size, table } from './markdown.ts';
import { originSection } from './origin-section.ts';

// Asked when it is run: the bundler would leave an import of another package's JSON without its type.
const { version: runtime } = createRequire(import.meta.url)('onnxruntime-node/package.json') as { version: string };

/** What transformers.js calls the precisions. */
const DTYPES: Readonly<Record<ExportPrecision, string>> = { fp32: 'fp32', fp16: 'fp16', int8: 'q8', int4: 'q4', q4f16: 'q4f16' };

interface CardFacts { name: string; model: Pick<ModelFiles, 'config'>; origin: ExportOrigin | null; lineage: readonly Ancestor[] }

/** The README of an exported model: where it comes from and under which licences, how near it is to what was trained in each runtime, how to use it. */
export function modelCard(report: ExportReport, { name, model: { config }, origin, lineage }: CardFacts): string {
  const task = config.family === 't5' ? 'text2text-generation' : 'text-generation';
  const ship = origin?.recipe.student.ship;
  return [
    frontMatterOf(report, task, lineage, origin), `# ${plain(name)}`,
    `${(report.parameters / 1e6).toFixed(1)} million parameters (${config.modelType}), ${origin ? 'distilled' : 'exported'} with Retort.${ship === undefined ? '' : ` Trained as the ${ship} file that it is shipped as: its evaluation is that of this file.`}`,
    ...originSection(lineage, origin), ...parity(report), ...ggufSection(report), ...otherFiles(report), ...usage(report, task), ...samples(report),
    `Made by Retort ${version} with ONNX Runtime ${runtime}.`,
  ].join('\n\n').concat('\n');
}

function parity({ precisions, safetensors, measuredOn, trainedPerplexity }: ExportReport): string[] {
  if (precisions.length === 0) return safetensors ? ['## Files\n\nThe trained weights as safetensors.'] : [];
  const rows = precisions.map((each) => [
    each.precision, each.files.map(({ name }) => quoted(name)).join(', '), size(each.bytes), each.greedy ? agreementOf(each.greedy) : '', percent(each.topAgreement), each.perplexity.toFixed(3),
    each.maxLogitDifference.toExponential(1), each.meanLogitDifference.toExponential(1), each.tokenMs === null ? '' : (1000 / each.tokenMs).toFixed(0),
  ]);
  const texts = measuredOn.kind === 'data' ? 'texts of its data' : 'texts that it wrote itself';
  return [
    '## In ONNX Runtime',
    `Opened in ONNX Runtime ${runtime} and compared with the trained weights at ${measuredOn.tokens} tokens of ${measuredOn.texts} ${texts}; those have a perplexity of ${trainedPerplexity?.toFixed(3)} there. Tokens a second are those of the machine that exported, one text at a time.`,
    table(['quantization', 'files', 'size', 'same greedy tokens', 'same first choice', 'perplexity', 'largest difference of a logit', 'mean difference', 'tokens a second'], rows),
    ...precisions.filter(({ keeps }) => !keeps).map(falls),
  ];
}

/** What is to be said of a precision that does not keep what is expected of it. */
function falls({ precision, topAgreement }: ExportedPrecision): string {
  return `**${precision} does not keep what is expected of it**: its first choice is the trained model's at ${percent(topAgreement)} of positions, less than ${percent(PRECISION_FACTS[precision].agreement)}. Prefer another precision.`;
}

function otherFiles({ others = [] }: ExportReport): string[] {
  if (others.length === 0) return [];
  return ['## For other runtimes', table(['quantization', 'file', 'size', 'read back: same first choice', 'perplexity', 'opened by'], others.map(({ kind, name, bytes, parity: found, opens }) => [
    kind, quoted(name), size(bytes), found ? percent(found.topAgreement) : 'the trained weights as they are', found ? found.perplexity.toFixed(3) : '', quoted(opens),
  ]))];
}

function usage({ precisions, genai }: ExportReport, task: string): string[] {
  const [best] = [...precisions].sort((left, right) => Number(right.keeps) - Number(left.keeps));
  if (!best) return [];
  return [
    '## Use', `\`\`\`js\nimport { pipeline } from '@huggingface/transformers';\nconst generate = await pipeline('${task}', './this-folder', { dtype: '${DTYPES[best.precision]}' });\nconsole.log(await generate('...', { max_new_tokens: 64${task === 'text-generation' ? ', add_special_tokens: true' : ''} }));\n\`\`\``,
    ...(genai === null ? [] : [`ONNX Runtime GenAI opens the folder as it is and runs ${quoted(genai)}; its tokenizer adds what the model's adds, such as a token that begins a text, after ${quoted('tokenizer.update_options(add_special_tokens=True)')}.`]),
  ];
}

function samples({ samples: all }: ExportReport): string[] {
  return all.length === 0 ? [] : ['## Samples', ...all.map(({ prompt, trained }) => fenced(`${prompt}\n---\n${trained}`))];
}
