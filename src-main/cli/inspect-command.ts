import { resolve } from 'node:path';
import type { Command } from 'commander';
import { DIVERGENCES, type DivergenceName } from '../contract/divergence.ts';
import { answerTokens } from '../contract/longest-texts.ts';
import { Problem } from '../contract/problem.ts';
import { shotsApart } from '../contract/shots.ts';
import type { Commands } from '../contract/worker.ts';
import type { ParamsInput } from '../contract/worker-host.ts';
import { modelIn, momentOf } from '../run-folder/moments.ts';
import { heldOut, teacherOf } from '../service/inspect/of-run.ts';
import { findRun } from '../store/runs.ts';
import type { Context } from './context.ts';
import { addDecodeOptions, addTemplateOption, count, decodeSettings, oneOf, positive, stepOrBest, type DecodeOptions, type TemplateOptions } from './options.ts';
import type { Action } from './action.ts';

interface InspectOptions extends DecodeOptions, TemplateOptions {
  run?: string; step?: number | 'best'; teacher?: string; student?: string; data?: string; prompt?: string; completion?: string; messages?: string; tools?: string; given?: boolean;
  divergence: DivergenceName; beta: number; examples?: number; chat?: boolean;
}
type Subject = Pick<ParamsInput<Commands, 'inspect'>, 'teacher' | 'student' | 'data' | 'holdOut' | 'prompt' | 'messages' | 'tools' | 'template' | 'learn' | 'chat' | 'system' | 'shots' | 'maxPromptTokens' | 'maxNewTokens'>;

export function addInspectCommand(program: Command, act: Action): void {
  addTemplateOption(addDecodeOptions(program.command('inspect').description('per-token report of a student against its teacher, with the places where it leaves it')))
    .option('--run <run>', 'teacher, last checkpoint and held-out data of a run, where the options below name nothing else')
    .option('--step <number>', 'with --run: the checkpoint of this step; 0 is where it began, best the one of evaluate.best', stepOrBest)
    .option('--teacher <dir>', 'model folder')
    .option('--student <dir>', 'model folder, or that of a checkpoint')
    .option('--data <file>', 'data file')
    .option('--prompt <template>', 'prompt')
    .option('--messages <column>', 'instead of --prompt: column with conversations')
    .option('--tools <column>', 'column with the tools of each conversation')
    .option('--given', 'with --messages: judge the answers of the conversations; without it the student\'s own')
    .option('--completion <template>', 'judge this text; without it the student\'s own')
    .option('--divergence <name>', DIVERGENCES.join(', '), oneOf(...DIVERGENCES), 'forward_kl')
    .option('--beta <number>', 'for jsd', positive, 0.5)
    .option('--examples <number>', 'only the first rows', count)
    .option('--chat', 'wrap the prompt in the model\'s chat template')
    .action(act(async (context, _args, options: InspectOptions) => {
      await context.worker().request('inspect', {
        ...await subjectOf(context, options), device: options.device,
        completion: options.completion ?? null, judges: options.completion === undefined && !options.given ? 'own' : 'given',
        divergence: options.divergence, beta: options.beta, examples: options.examples ?? null,
        decode: decodeSettings(options), seed: options.seed,
      }, {
        // A report is JSON Lines whoever reads it.
        onEvent: (event) => {
          if (event.event === 'warning') context.output.warning(event.message);
          if (event.event === 'report') process.stdout.write(`${JSON.stringify(event.report)}\n`);
        },
      });
    }));
}

/** The models and prompts that the options name, or the run they name. */
async function subjectOf(context: Context, options: InspectOptions): Promise<Subject> {
  const { run: wanted, step, chat = false } = options;
  if (wanted === undefined) {
    if (step !== undefined) throw new Problem('--step needs --run.');
    const given = (name: 'teacher' | 'student' | 'data' | 'prompt'): string => {
      const value = options[name];
      if (value === undefined) throw new Problem(`--${name} is missing.`, { hint: 'Name it, or a run: --run.' });
      return value;
    };
    return {
      teacher: resolve(given('teacher')), student: modelIn(resolve(given('student'))), data: resolve(given('data')), prompt: options.messages === undefined ? given('prompt') : null,
      holdOut: null, messages: options.messages ?? null, tools: options.tools ?? null, template: options.template, chat, system: null, maxPromptTokens: null, maxNewTokens: options.maxNewTokens,
    };
  }
  const run = await findRun((await context.lookHome()).database, wanted);
  const { data } = run.recipe;
  return {
    teacher: options.teacher === undefined ? teacherOf(run) : resolve(options.teacher),
    student: options.student === undefined ? (await momentOf(run, step ?? null)).path : modelIn(resolve(options.student)),
    ...(options.data === undefined ? heldOut(run.recipe) : { data: resolve(options.data), holdOut: null }),
    prompt: options.prompt ?? data.prompt ?? null, messages: options.messages ?? (options.prompt === undefined ? data.messages ?? null : null),
    tools: options.tools ?? data.tools ?? null, template: { ...data.template, ...options.template }, learn: data.learn,
    chat: chat || data.chat, system: data.system ?? null, shots: shotsApart(data) ?? null, maxPromptTokens: data.maxPromptTokens,
    // Never longer than what the run asks of its student.
    maxNewTokens: Math.min(options.maxNewTokens, answerTokens(run.recipe, data)),
  };
}
