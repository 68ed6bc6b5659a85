import { createRequire } from 'node:module';
import { version } from '../../package.json' with { type: 'json' };
import type { Score } from '../contract/events.ts';
import { PRECISION_FACTS, type ExportedPrecision, type ExportOrigin, type ExportPrecision, type ExportReport } from '../contract/export-report.ts';
import { ggufSection } from './gguf/card-section.ts';
import type { ModelFiles } from '../model/model-files.ts';
import { teacherName } from '../contract/local-teacher.ts';
import { visible, visibleLine } from '../contract/visible.ts';
import { lastName, shareableRecipe } from './without-folders.ts';

// Asked when it is run: the bundler would leave an import of another package's JSON without its type.
const { version: runtime } = createRequire(import.meta.url)('onnxruntime-node/package.json') as { version: string };

/** What transformers.js calls the precisions. */
const DTYPES: Readonly<Record<ExportPrecision, string>> = { fp32: 'fp32', fp16: 'fp16', int8: 'q8', int4: 'q4' };

interface CardFacts { name: string; model: Pick<ModelFiles, 'config'>; origin: ExportOrigin | null }

/** The README of an exported model: where it comes from, how near it is to what was trained, how to use it. */
export function modelCard(report: ExportReport, { name, model: { config }, origin }: CardFacts): string {
  const task = config.family === 't5' ? 'text2text-generation' : 'text-generation';
  return [
    yaml(task, origin), `# ${plain(name)}`,
    `${(report.parameters / 1e6).toFixed(1)} million parameters (${config.modelType}), ${origin ? 'distilled' : 'exported'} with Retort.`,
    ...(origin ? [comesFrom(origin)] : []), ...parity(report), ...ggufSection(report), ...usage(report, task), ...samples(report), versions(origin),
  ].join('\n\n').concat('\n');
}

function yaml(task: string, origin: ExportOrigin | null): string {
  return [
    '---', 'library_name: transformers.js', `pipeline_tag: ${task}`, 'tags:', '- distillation', '- onnx',
    'license: # fill in: the licences of teacher, student and data decide',
    `base_model: # fill in: the student's own model${origin ? `, ${quoted(lastName(origin.recipe.student.model))}` : ''}`,
    'datasets: # fill in', 'language: # fill in', '---',
  ].join('\n');
}

function comesFrom({ run, step, recipe, evaluation }: ExportOrigin): string {
  const { teacher, student, data, method } = recipe;
  const rows = [
    ['run', `${quoted(run)}, step ${step}`], ['teacher', teacher ? quoted(teacher.model === undefined ? teacherName({ teacher })! : lastName(teacher.model)) : 'none'], ['student at the start', quoted(lastName(student.model))],
    ['data', quoted(lastName(data.train))], ['method', method.preset],
  ];
  const scores = evaluation && Object.entries(evaluation.metrics);
  return [
    '## Where it comes from', table(['', ''], rows),
    ...(scores && scores.length > 0 ? [
      `At step ${evaluation.step}, on ${evaluation.examples} examples, with 95% intervals:`,
      table(['metric', 'value', 'interval'], scores.map(([metric, score]) => [metric, score.value.toFixed(4), interval(score)])),
    ] : []),
    'The whole recipe:', fenced(shareableRecipe(recipe), 'json'),
  ].join('\n\n');
}

function parity({ precisions, safetensors, measuredOn, trainedPerplexity }: ExportReport): string[] {
  if (precisions.length === 0) return safetensors ? ['## Files\n\nThe trained weights as safetensors.'] : [];
  const rows = precisions.map((each) => [
    each.precision, each.files.map(({ name }) => quoted(name)).join(', '), size(each.bytes), percent(each.topAgreement), each.perplexity.toFixed(3),
    each.maxLogitDifference.toExponential(1), each.meanLogitDifference.toExponential(1), each.tokenMs === null ? '' : each.tokenMs.toFixed(1),
  ]);
  const texts = measuredOn.kind === 'data' ? 'texts of its data' : 'texts that it wrote itself';
  return [
    '## Against the trained weights',
    `At ${measuredOn.tokens} tokens of ${measuredOn.texts} ${texts}; the trained weights have a perplexity of ${trainedPerplexity?.toFixed(3)} there. Milliseconds a token are those of the machine that exported.`,
    table(['precision', 'files', 'size', 'same first choice', 'perplexity', 'largest difference of a logit', 'mean difference', 'ms a token'], rows),
    ...precisions.filter(({ keeps }) => !keeps).map(falls),
  ];
}

/** What is to be said of a precision that does not keep what is expected of it. */
function falls({ precision, topAgreement }: ExportedPrecision): string {
  return `**${precision} does not keep what is expected of it**: its first choice is the trained model's at ${percent(topAgreement)} of positions, less than ${percent(PRECISION_FACTS[precision].agreement)}. Prefer another precision.`;
}

function usage({ precisions, genai }: ExportReport, task: string): string[] {
  const [best] = [...precisions].sort((left, right) => Number(right.keeps) - Number(left.keeps));
  if (!best) return [];
  return [
    '## Use', `\`\`\`js\nimport { pipeline } from '@huggingface/transformers';\nconst generate = await pipeline('${task}', './this-folder', { dtype: '${DTYPES[best.precision]}' });\nconsole.log(await generate('...', { max_new_tokens: 64 }));\n\`\`\``,
    ...(genai === null ? [] : [`ONNX Runtime GenAI opens the folder as it is and runs ${quoted(genai)}.`]),
  ];
}

function samples({ samples: all }: ExportReport): string[] {
  return all.length === 0 ? [] : ['## Samples', ...all.map(({ prompt, trained }) => fenced(`${prompt}\n---\n${trained}`))];
}

function versions(origin: ExportOrigin | null): string {
  return `Made by Retort ${version} with ONNX Runtime ${runtime}${origin ? `, seed ${origin.recipe.seed}` : ''}.`;
}

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((row) => `| ${row.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`).join('\n');
const interval = ({ low, high }: Score): string => (low === null || high === null ? '' : `${low.toFixed(4)} to ${high.toFixed(4)}`);
const percent = (share: number): string => `${(100 * share).toFixed(2)}%`;
const size = (bytes: number): string => (bytes < 2 ** 20 ? `${(bytes / 2 ** 10).toFixed(1)} KiB` : `${(bytes / 2 ** 20).toFixed(1)} MiB`);
/** A name as Markdown shows it: no markup, no HTML, no line of its own. */
const plain = (text: string): string => visibleLine(text).replaceAll(/[\\`*_{}[\]<>#|~&!]/g, (mark) => `\\${mark}`);
const quoted = (text: string): string => `\`${visibleLine(text).replaceAll('`', '\'')}\``;
/** A fence longer than any in the text. */
function fenced(text: string, language = ''): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}${language}\n${visible(text)}\n${fence}`;
}
