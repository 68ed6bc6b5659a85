import { resolve } from 'node:path';
import type { Command } from 'commander';
import { partsOf } from '../contract/export-parts.ts';
import { recipeIn } from '../service/recipe/recipe-file.ts';
import { makeDraft, trainDraft } from '../service/draft-model.ts';
import { askOf, keepExport } from '../service/export/ask.ts';
import { whileWriting } from '../service/keeping/writing.ts';
import { peersFolder } from '../store/home.ts';
import type { Action } from './action.ts';
import { printReport } from './export-command.ts';
import { count, list, positive, whole, wholes } from './options.ts';
import { printEvent, stopOnSignals } from './run-command.ts';

interface Options {
  data: string; prompt: string; chat?: boolean; to: string; layers?: number[]; width?: number; steps: number; batchSize: number; learningRate: number; draftTokens: number;
  maxPromptTokens: number; maxNewTokens: number; type?: string[]; seed: number;
}

export function addDraftCommand(program: Command, act: Action): void {
  program.command('draft')
    .description('a small model that drafts for a large one (speculative decoding): made, trained on your prompts, exported as GGUF and measured in llama.cpp')
    .argument('<model>', 'the model that it is to draft for: a folder or a GGUF file')
    .requiredOption('--data <file>', 'data file with your prompts; answers are not needed')
    .requiredOption('--prompt <template>', 'prompt, for example "{{question}}"')
    .option('--chat', 'wrap the prompt in the model\'s chat template')
    .requiredOption('--to <dir>', 'folder to write')
    .option('--layers <numbers>', 'layers to keep, counted from 0; about every fourth if left out', wholes)
    .option('--width <number>', 'narrower than the model as well: the width of its hidden states', count)
    .option('--steps <number>', 'updates on the draft\'s own text; before them it learns what the model writes', count, 400)
    .option('--batch-size <number>', 'prompts of one update', count, 16)
    .option('--learning-rate <number>', 'of the updates', positive, 1e-4)
    .option('--draft-tokens <number>', 'tokens of one draft when it is measured', count, 4)
    .option('--max-prompt-tokens <number>', 'longer prompts lose their beginning', count, 192)
    .option('--max-new-tokens <number>', 'longest text that it learns from', count, 64)
    .option('--type <names>', 'how weights are kept, or several separated by commas; q8_0 if left out', list)
    .option('--seed <number>', 'start of the random numbers', whole, 0)
    .action(act(async (context, [model], options: Options) => {
      const home = await context.openHome();
      const target = resolve(model!);
      const draft = await makeDraft(home, target, { layers: options.layers ?? null, width: options.width ?? null });
      const recipe = recipeIn({
        name: `draft for ${target.split(/[\\/]/).at(-1)!}`.slice(0, 200), seed: options.seed, teacher: { model: target }, student: { model: draft },
        data: { train: options.data, validationShare: 0.1, prompt: options.prompt, chat: options.chat ?? false, maxPromptTokens: options.maxPromptTokens, maxCompletionTokens: options.maxNewTokens },
        method: { preset: 'distillspec' }, train: { steps: options.steps, batchSize: options.batchSize, learningRate: options.learningRate },
        evaluate: { metrics: ['acceptance'], examples: 32, draftTokens: options.draftTokens },
      }, 'The recipe of the draft', process.cwd());
      const runId = await stopOnSignals(context, async (stopping) => trainDraft(home, context.worker(), recipe, {
        consent: await context.consent(), stopping, onEvent: (event) => { printEvent(context, event); },
      }));
      const asked = await askOf(home.database, { kind: 'run', runId });
      const { run, step, ...params } = asked;
      const parts = partsOf(['gguf'], options.type ?? [], { imatrix: false });
      const to = resolve(options.to);
      const report = await whileWriting(context.homePath, to, () => context.worker().request('export', { ...params, to, parts, replace: false, peers: peersFolder(context.homePath) },
        { onEvent: ({ done, total }) => { context.output.progress('export', done, total); } }));
      await keepExport(home.database, asked, parts, report);
      context.output.json({ event: 'done', run, step, report });
      printReport(context.output, report);
    }));
}
