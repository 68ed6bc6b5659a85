import { z } from 'zod';
import { chatTurnSchema, type ChatTurn } from '../contract/chat-turn.ts';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { SpooledRows } from '../files/spooled-rows.ts';
import { Problem } from '../contract/problem.ts';
import { shotsSchema, type ShotSettings } from '../contract/shots.ts';
import { writeJsonLines } from '../data/write.ts';
import { findMetrics } from '../metrics/score.ts';
import { addDecodeOptions, addTemplateOption, count, decodeSettings, list, type DecodeOptions, type TemplateOptions } from './options.ts';
import type { Action } from './action.ts';

interface EvalOptions extends DecodeOptions, TemplateOptions {
  model: string; data: string; prompt?: string; messages?: string; tools?: string; reference?: string; metric: string[]; predictions?: string; examples?: number; chat?: boolean;
  shots?: string; shotsCount?: number; shotsTemplate?: string; shotsSeparator?: string; calculator?: boolean;
  choices?: string; teacher?: string; draftTokens: number;
}
interface GenerateOptions extends DecodeOptions, TemplateOptions { model: string; prompt?: string; messages?: ChatTurn[]; chat?: boolean; system?: string; nBest?: number }

/** Commands that run models over data. */
export function addDataCommands(program: Command, act: Action): void {
  addTemplateOption(addDecodeOptions(program.command('eval').description('task metrics of a model')))
    .requiredOption('--model <dir>', 'model folder')
    .requiredOption('--data <file>', 'data file')
    .option('--prompt <template>', 'prompt, for example "{{question}}"')
    .option('--messages <column>', 'instead of --prompt: column with conversations, whose last answer is the reference')
    .option('--tools <column>', 'column with the tools of each conversation')
    .option('--reference <template>', 'right answer, for example "{{answer}}"')
    .requiredOption('--metric <names>', 'metrics, separated by commas', list)
    .option('--predictions <file>', 'write {prompt, prediction, reference} as JSON Lines')
    .option('--examples <number>', 'only the first rows', count)
    .option('--chat', 'wrap the prompt in the model\'s chat template')
    .option('--shots <file>', 'worked examples before every prompt: rows of a data file, or a .txt file as it is')
    .option('--shots-count <number>', 'only the first rows of --shots', count)
    .option('--shots-template <template>', 'a shot; without it those of --prompt and --reference, one behind the other')
    .option('--shots-separator <text>', 'between shots, and before the prompt; without it an empty line')
    .option('--calculator', 'do the sums in <<48/2= annotations, as GSM8K is evaluated')
    .option('--choices <template>', 'multiple-choice: column with their list, "{{choices}}", or the choices, "A|B|C|D"')
    .option('--teacher <dir>', 'acceptance: the model that judges the drafts')
    .option('--draft-tokens <number>', 'acceptance: tokens drafted before the teacher looks', count, 4)
    .action(act(async (context, _args, options: EvalOptions) => {
      refuseExisting(options.predictions);
      if (options.predictions !== undefined && options.metric.flatMap(findMetrics).length === 0) {
        throw new Problem('--predictions is given, and no metric has the model write answers.', { hint: 'Add one such as exact-match or rouge.' });
      }
      const predictions = options.predictions === undefined ? null : new SpooledRows();
      const result = await context.worker().request('evaluate', {
        model: resolve(options.model), device: options.device, data: resolve(options.data), ...promptsIn(options), template: options.template,
        reference: options.reference ?? null, chat: options.chat ?? false, metrics: options.metric, examples: options.examples ?? null,
        maxNewTokens: options.maxNewTokens, decode: decodeSettings(options), seed: options.seed,
        teacher: options.teacher === undefined ? null : resolve(options.teacher), draftTokens: options.draftTokens,
        choices: options.choices ?? null, shots: shotsIn(options), calculator: options.calculator ?? false, tellsAnswers: predictions !== null,
      }, {
        onEvent: (event) => {
          if (event.event === 'phase') context.output.progress('write', event.done, event.total);
          else if (event.event === 'warning') context.output.warning(event.message);
          else predictions?.add({ prompt: event.prompt, prediction: event.prediction, reference: event.reference });
        },
      });
      if (predictions) await writeJsonLines(options.predictions!, predictions.rows());
      context.output.json(result);
      for (const [name, { value, low, high }] of Object.entries(result.metrics)) {
        const interval = low === null || high === null ? '' : `  95% interval ${low.toFixed(4)} to ${high.toFixed(4)}`;
        const signature = result.signatures[name];
        context.output.line(`${name}  ${value.toFixed(4)}${interval}  (${result.examples} examples${signature === undefined ? '' : `, ${signature}`})`);
      }
    }));

  addTemplateOption(addDecodeOptions(program.command('generate').description('text out of one model')))
    .requiredOption('--model <dir>', 'model folder')
    .option('--prompt <text>', 'what to continue')
    .option('--messages <json>', 'a conversation to answer instead: [{"role": "user", "content": "..."}]', turnsIn)
    .option('--chat', 'wrap the prompt in the model\'s chat template')
    .option('--system <text>', 'system message of the chat')
    .option('--n-best <number>', 'beam: print as many texts, best first', count)
    .action(act(async (context, _args, options: GenerateOptions) => {
      const { nBest } = options;
      const decode = decodeSettings(options);
      if (nBest !== undefined && nBest > (decode.strategy === 'beam' ? decode.beams : 1)) {
        throw new Problem(`--n-best is ${nBest}: there are no more texts than beams.`, { hint: `Give --decode beam --beams ${nBest}.` });
      }
      const result = await context.worker().request('generate', {
        model: resolve(options.model), device: options.device, prompt: options.prompt ?? null, messages: options.messages ?? null, chat: options.chat ?? false,
        system: options.system ?? null, template: options.template, maxNewTokens: options.maxNewTokens, decode, seed: options.seed,
      }, {
        onEvent: (event) => {
          if (event.event === 'warning') context.output.warning(event.message);
          else if (nBest === undefined) context.output.text(event.text);
        },
      });
      context.output.json({ ...result, best: result.best.slice(0, nBest) });
      if (nBest === undefined) context.output.line('');
      else for (const { text, score } of result.best.slice(0, nBest)) context.output.line(`${score.toFixed(4)}  ${text}`);
    }));
}

/** @throws Problem where the text is no list of turns */
function turnsIn(text: string): ChatTurn[] {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new Problem(`--messages is not JSON: ${(cause as Error).message}`, { hint: 'Give a list: \'[{"role": "user", "content": "..."}]\'.', cause });
  }
  const parsed = z.array(chatTurnSchema).min(1).safeParse(json);
  if (parsed.success) return parsed.data;
  throw new Problem('--messages is no list of turns with a role and content.', { hint: 'Give a list: \'[{"role": "user", "content": "..."}]\'.' });
}

function promptsIn({ prompt, messages, tools }: EvalOptions): { prompt: string | null; messages: string | null; tools: string | null } {
  if ((prompt === undefined) === (messages === undefined)) {
    throw new Problem(prompt === undefined ? '--prompt is missing.' : '--prompt and --messages are both given.', { hint: 'Give a template such as --prompt "{{question}}", or the column of conversations: --messages.' });
  }
  return { prompt: prompt ?? null, messages: messages ?? null, tools: tools ?? null };
}

function shotsIn({ shots: file, shotsCount: count, shotsTemplate: template, shotsSeparator: separator }: EvalOptions): ShotSettings | null {
  if (file !== undefined) return shotsSchema.parse({ file: resolve(file), count, template, separator });
  const given = count !== undefined ? 'count' : template !== undefined ? 'template' : separator !== undefined ? 'separator' : null;
  if (given !== null) throw new Problem(`--shots-${given} is given without --shots.`, { hint: 'Name the file with the shots.' });
  return null;
}

function refuseExisting(path: string | undefined): void {
  if (path !== undefined && existsSync(path)) throw new Problem(`${path} exists already.`, { hint: 'Choose another name for --predictions.' });
}
