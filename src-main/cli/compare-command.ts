import { basename, resolve } from 'node:path';
import type { Command } from 'commander';
import { answerJudgeSchema, MOST_MODELS, MOST_ROWS } from '../contract/comparison.ts';
import type { RunRecord } from '../contract/history.ts';
import { Problem } from '../contract/problem.ts';
import { dataViewSchema } from '../contract/recipe.ts';
import type { Commands } from '../contract/worker.ts';
import type { ParamsInput } from '../contract/worker-host.ts';
import { judgeOfRun, modelsOfRun } from '../service/compare/of-run.ts';
import { modelIn } from '../run-folder/moments.ts';
import { heldOut, viewOf } from '../service/inspect/of-run.ts';
import { findRun } from '../store/runs.ts';
import { ComparedAnswers, type NamedModel } from './compared-answers.ts';
import { addDecodeOptions, addTemplateOption, count, decodeSettings, list, type DecodeOptions, type TemplateOptions } from './options.ts';
import type { Action } from './action.ts';

interface CompareOptions extends DecodeOptions, TemplateOptions {
  models?: string[]; teacher?: string; run?: string; data?: string; prompt?: string; reference?: string; metric?: string[];
  examples?: number; chat?: boolean; system?: string; messages?: string; tools?: string;
}
type Texts = ParamsInput<Commands, 'compare'>['texts'];

/** Beyond any text: prompts are as long as they are. */
const NO_LIMIT = 2 ** 31 - 1;

const more = (paths: string, before: string[] = []): string[] => [...before, ...list(paths)];

export function addCompareCommand(program: Command, act: Action): void {
  addTemplateOption(addDecodeOptions(program.command('compare').description('the answers of several models to the same prompts, side by side')))
    .option('--model, --models <dirs>', 'model folders or checkpoints, separated by commas or given several times', more)
    .option('--run <run>', 'without --model: teacher, student before and student after of a run; without --data and --prompt: its held-out prompts')
    .option('--teacher <dir>', 'model folder that judges the answers; without it the run\'s')
    .option('--data <file>', 'data file')
    .option('--prompt <text>', 'template such as "{{question}}" with --data, otherwise the prompt itself')
    .option('--messages <column>', 'with --data instead of --prompt: column with conversations')
    .option('--tools <column>', 'column with the tools of each conversation')
    .option('--reference <template>', 'right answer, for example "{{answer}}"')
    .option('--metric <names>', 'metrics of each answer against its reference, separated by commas', list)
    .option('--examples <number>', 'only the first rows', count)
    .option('--chat', 'wrap prompts in the chat template of the models that have one')
    .option('--system <text>', 'system message of the chat')
    .action(act(async (context, _args, options: CompareOptions) => {
      const run = options.run === undefined ? null : await findRun((await context.lookHome()).database, options.run);
      const models = await modelsFor(options, run);
      const texts = textsFor(options, run);
      const teacher = options.teacher === undefined ? run?.recipe.teacher?.model ?? null : resolve(options.teacher);
      const hasReferences = texts.kind === 'data' && (texts.view.completion !== undefined || texts.view.messages !== undefined);
      if (options.metric && !hasReferences) throw new Problem('--metric needs right answers to hold the answers against.', { hint: 'Give --data and --reference.' });
      const metrics = hasReferences ? options.metric ?? run?.recipe.evaluate.metrics ?? [] : [];
      const answers = new ComparedAnswers(context.output, models, texts.kind === 'prompts');
      await context.worker().request('compare', {
        models: models.map(({ path }) => path), teacher, device: options.device, texts, metrics,
        judge: run ? judgeOfRun(run) : answerJudgeSchema.parse({}), examples: Math.min(options.examples ?? MOST_ROWS, MOST_ROWS), maxNewTokens: options.maxNewTokens,
        decode: decodeSettings(options), seed: options.seed,
      }, { onEvent: (event) => { answers.take(event); } });
      answers.end();
    }));
}

async function modelsFor({ models: given }: CompareOptions, run: RunRecord | null): Promise<NamedModel[]> {
  if (given === undefined && run === null) throw new Problem('There are no models to compare.', { hint: 'Name them, as in --model A --model B, or a run: --run.' });
  const models = given === undefined
    ? await modelsOfRun(run!)
    : given.map((path) => ({ label: given.filter((other) => basename(other) === basename(path)).length === 1 ? basename(path) : path, path: modelIn(resolve(path)) }));
  if (models.length < 2 || models.length > MOST_MODELS) {
    throw new Problem(`${models.length === 1 ? 'There is only one model' : `There are ${models.length} models`} to compare.`, { hint: `Name two to ${MOST_MODELS}.` });
  }
  return models;
}

function textsFor(options: CompareOptions, run: RunRecord | null): Texts {
  const { data, prompt, reference, chat = false, system, messages, tools, template } = options;
  if (data === undefined && prompt !== undefined) {
    return { kind: 'prompts', prompts: [{ example: 0, text: prompt }], chat, system: system ?? null, template };
  }
  if (data === undefined && run === null) throw new Problem('There is nothing to answer.', { hint: 'Give --data with --prompt, a --prompt alone, or a run: --run.' });
  const ofRun = run && viewOf(run.recipe);
  if (prompt === undefined && messages === undefined && !ofRun) throw new Problem('--prompt is missing.', { hint: 'Say how a row becomes a prompt, for example --prompt "{{question}}".' });
  const view = dataViewSchema.parse({
    maxPromptTokens: NO_LIMIT, maxCompletionTokens: NO_LIMIT, ...ofRun, ...(prompt !== undefined && { prompt, messages: undefined }),
    ...(messages !== undefined && { messages, prompt: undefined, completion: undefined }), ...(tools !== undefined && { tools }),
    ...(template !== undefined && { template: { ...ofRun?.template, ...template } }),
    ...(reference !== undefined && { completion: reference }), chat: chat || (ofRun?.chat ?? false), ...(system !== undefined && { system }),
  });
  return { kind: 'data', view, ...(data === undefined ? heldOut(run!.recipe) : { data: resolve(data), holdOut: null }) };
}
