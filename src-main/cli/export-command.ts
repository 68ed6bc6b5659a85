import { resolve } from 'node:path';
import type { Command } from 'commander';
import { EXPORT_FORMATS, FORMAT_TYPES, partsOf, type ExportFormat, type ExportPart } from '../contract/export-parts.ts';
import { EXPORT_PRECISIONS, PRECISION_FACTS, type DraftMeasure, type ExportedGguf, type ExportPrecision, type ExportReport } from '../contract/export-report.ts';
import { Problem } from '../contract/problem.ts';
import { dataViewSchema } from '../contract/recipe.ts';
import { askOf, keepExport } from '../service/export/ask.ts';
import { peersFolder } from '../store/home.ts';
import { list, oneOf, stepOrBest } from './options.ts';
import type { Output } from './output.ts';
import type { Action } from './action.ts';
import { whileWriting } from '../service/keeping/writing.ts';

interface ExportOptions {
  model?: string; run?: string; step?: number | 'best'; to: string; force?: boolean;
  format?: ExportFormat[]; type?: string[]; precision?: ExportPrecision[]; safetensors?: boolean; imatrix?: boolean;
  data?: string; prompt?: string; completion?: string; chat?: boolean;
}

export function addExportCommands(program: Command, act: Action): void {
  program.command('export')
    .description('a folder that other programs open, measured against the trained weights')
    .option('--model <dir>', 'model folder, or that of a checkpoint')
    .option('--run <run>', 'the last checkpoint of a run')
    .option('--step <number>', 'with --run: the checkpoint of this step; 0 is where it began, best the one of evaluate.best', stepOrBest)
    .requiredOption('--to <dir>', 'folder to write')
    .option('--format <names>', `${EXPORT_FORMATS.join(', ')}, or several separated by commas; onnx if nothing is named`, (text) => list(text).map(oneOf(...EXPORT_FORMATS)))
    .option('--type <names>', `how weights are kept, or several separated by commas; ${typesText()}`, list)
    .option('--imatrix', 'gguf: round the weights that the model\'s texts use most with the most care')
    .option('--precision <names>', 'the same as --format onnx --type', (text) => list(text).map(oneOf(...EXPORT_PRECISIONS)))
    .option('--safetensors', 'the trained weights as well, the same as --format with safetensors among them')
    .option('--force', 'replace an earlier export')
    .option('--data <file>', 'measure on these texts; without it on a run\'s own data, or on texts that the model writes')
    .option('--prompt <template>', 'with --data: prompt')
    .option('--completion <template>', 'with --data: completion')
    .option('--chat', 'with --data: wrap the prompt in the model\'s chat template')
    .action(act(async (context, _args, options: ExportOptions) => {
      const { database } = await context.openHome();
      const { run, step, ...asked } = await askOf(database, subjectOf(options));
      const parts = wantedParts(options);
      const to = resolve(options.to);
      const report = await whileWriting(context.homePath, to, () => context.worker().request('export', {
        ...asked, texts: textsOf(options) ?? asked.texts, to, parts, replace: options.force ?? false, peers: peersFolder(context.homePath),
      }, { onEvent: ({ done, total }) => context.output.progress('export', done, total) }));
      await keepExport(database, { run, step, ...asked }, parts, report);
      context.output.json(report);
      printReport(context.output, report);
    }));
}

/** What of each format is to be written. @throws Problem for types and formats that do not go together */
function wantedParts({ format, type = [], precision = [], safetensors = false, imatrix = false }: ExportOptions): ExportPart[] {
  const formats: ExportFormat[] = [...format ?? (safetensors && precision.length === 0 && type.length === 0 ? [] : ['onnx'] as const), ...(safetensors ? ['safetensors'] as const : [])];
  if (imatrix && !formats.includes('gguf')) throw new Problem('--imatrix is for GGUF files.', { hint: 'Add --format gguf.' });
  return partsOf([...new Set(formats)], [...type, ...precision], { imatrix });
}

const typesText = (): string => EXPORT_FORMATS.filter((format) => FORMAT_TYPES[format].usual !== null)
  .map((format) => `${format}: ${FORMAT_TYPES[format].types.join(', ')} (${FORMAT_TYPES[format].usual!} if none is named)`).join('; ');

function subjectOf({ model, run, step }: ExportOptions): Parameters<typeof askOf>[1] {
  if ((model === undefined) === (run === undefined)) throw new Problem('Give either --model or --run.');
  if (model === undefined) return { kind: 'run', runId: run!, step };
  if (step !== undefined) throw new Problem('--step needs --run.');
  return { kind: 'model', path: resolve(model) };
}

function textsOf({ data, prompt, completion, chat = false }: ExportOptions): Awaited<ReturnType<typeof askOf>>['texts'] {
  if (data === undefined) return null;
  if (prompt === undefined) throw new Problem('--prompt is missing.', { hint: 'It says what of a row of --data is the prompt, for example "{{question}}".' });
  return { data: resolve(data), view: dataViewSchema.parse({ prompt, completion, chat }), holdOut: null };
}

/** What came of an export, for people. */
export function printReport(output: Output, { folder, bytes, precisions, trainedPerplexity, measuredOn, safetensors, genai, others = [], gguf = [], modelfile, drafts = [] }: ExportReport): void {
  const line = (text: string): void => output.line(text);
  line(`Wrote ${folder}, ${size(bytes)}.`);
  if (precisions.length > 0) {
    line(`Against the trained weights, at ${measuredOn.tokens} tokens ${measuredOn.kind === 'data' ? 'of its data' : 'that the model wrote itself'}:`);
    line(`  ${['', 'size', 'greedy', 'first choice', 'perplexity', 'logits by', 'ms a token'].map((text, at) => (at === 0 ? text.padEnd(8) : text.padStart(13))).join('')}`);
    line(`  ${['trained'.padEnd(8), '', '', '', trainedPerplexity!.toFixed(3)].map((text, at) => (at === 0 ? text : text.padStart(13))).join('')}`);
  }
  for (const each of precisions) {
    const cells = [size(each.bytes), each.greedy ? share(each.greedy.agreeing) : '', `${(100 * each.topAgreement).toFixed(1)}%`, each.perplexity.toFixed(3), each.maxLogitDifference.toExponential(1), each.tokenMs?.toFixed(2) ?? ''];
    line(`  ${each.precision.padEnd(8)}${cells.map((cell) => cell.padStart(13)).join('')}`);
  }
  const greedy = precisions[0]?.greedy;
  if (greedy) line(`Greedy: how much of the first ${greedy.length} tokens to ${greedy.prompts} prompts is the trained model's, up to the first other token.`);
  for (const { precision, topAgreement, keeps } of precisions) {
    if (!keeps) line(`${precision} does not keep what is expected of it: the same first choice at ${(100 * topAgreement).toFixed(1)}% of positions, not ${100 * PRECISION_FACTS[precision].agreement}%.`);
  }
  for (const file of gguf) printGguf(line, file);
  for (const draft of drafts) line(draftText(draft));
  if (modelfile) line(`${modelfile.name}: for Ollama; ollama create NAME -f ${modelfile.name}, within the folder.`);
  if (safetensors) line(`${safetensors.name}: the trained weights, ${size(safetensors.bytes)}.`);
  for (const { kind, name, bytes: taken, parity, opens } of others) {
    line(`${kind}: ${name}, ${size(taken)}${parity ? `; read back, the same first choice at ${(100 * parity.topAgreement).toFixed(1)}% of positions, perplexity ${parity.perplexity.toFixed(3)}` : ', the trained weights as they are'}. ${opens}`);
  }
  if (genai !== null) line(`genai_config.json: ONNX Runtime GenAI runs ${genai}.`);
}

function printGguf(line: (text: string) => void, { file, imatrix, notes, opened }: ExportedGguf): void {
  line(`${file.name}, ${size(file.bytes)}${imatrix ? ', rounded by an importance matrix' : ''}:`);
  if ('missing' in opened) {
    line(`  ${opened.missing}. ${opened.hint}`);
  } else {
    const { runtime, version, agreeing, length, sameTexts, prompts, topAgreement, perplexity, tokensPerSecond, faults } = opened;
    line(`  opened in ${runtime} ${version}: ${share(agreeing)} of the first ${length} greedy tokens are the trained model's (${sameTexts} of ${prompts} texts whole),`);
    line(`  the same first choice at ${share(topAgreement)} of positions, perplexity ${perplexity.toFixed(3)}${tokensPerSecond === null ? '' : `, ${tokensPerSecond.toFixed(0)} tokens a second`}.`);
    for (const fault of faults) line(`  ${fault}`);
  }
  for (const note of notes) line(`  ${note}`);
}

function draftText({ target, file, runtime, version, draftTokens, prompts, acceptance, aloneTokensPerSecond, tokensPerSecond, sameTexts }: DraftMeasure): string {
  return `${file} drafts for ${target} in ${runtime} ${version}, up to ${draftTokens} tokens at once: ${acceptance === null ? 'nothing was drafted' : `${share(acceptance)} of what it drafts is accepted`}, `
    + `${tokensPerSecond.toFixed(0)} tokens a second instead of ${aloneTokensPerSecond.toFixed(0)}; ${sameTexts} of ${prompts} texts are the same.`;
}

/** Never rounded up. */
const share = (value: number): string => `${(Math.floor(1000 * value + 1e-6) / 10).toFixed(1)}%`;

const size = (bytes: number): string => (bytes < 2 ** 20 ? `${(bytes / 2 ** 10).toFixed(1)} KiB` : `${(bytes / 2 ** 20).toFixed(1)} MiB`);
