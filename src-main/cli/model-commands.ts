import { resolve } from 'node:path';
import type { Command } from 'commander';
import { Problem } from '../contract/problem.ts';
import { mergeAdapter } from '../model/adapter/merge.ts';
import { openModel } from '../model/folder.ts';
import { importGguf } from '../model/gguf/import-gguf.ts';
import { initModel } from '../model/init.ts';
import { everyKth } from '../contract/layers.ts';
import { makeStudent } from '../model/make-student.ts';
import { describeModel } from '../model/show.ts';
import { modelIn } from '../run-folder/moments.ts';
import { count, oneOf, whole, wholes } from './options.ts';
import { addModelHubCommands } from './hub-commands.ts';
import type { Action } from './action.ts';
import { whileWriting } from '../service/keeping/writing.ts';

const IMPORT_PRECISIONS = ['fp32', 'fp16', 'bf16'] as const;

export function addModelCommands(program: Command, act: Action): void {
  const model = program.command('model').description('model folders');
  addModelHubCommands(model, act);
  model.command('show')
    .description('what a model holds')
    .argument('<model>', 'model folder, or file.gguf')
    .action(act(async ({ output }, [path]) => {
      const description = await describeModel(path!);
      output.json(description);
      const { family, parameters, precision, types, fileType, layers, encoderLayers, hiddenSize, heads, vocabularySize, contextLength, tokenizer, hasChatTemplate } = description;
      output.line(`${family}, ${(parameters / 1e6).toFixed(2)} million parameters in ${fileType === undefined ? '' : `${fileType}: `}${types!.length > 1 ? types!.join(', ') : fileType === undefined ? precision : types!.join()}`);
      output.line(`${encoderLayers === null ? layers : `${encoderLayers} + ${layers}`} layers of width ${hiddenSize}, ${heads} heads, `
        + `vocabulary ${vocabularySize}, context ${contextLength ?? 'without limit'}`);
      output.line(`tokenizer with ${tokenizer.tokens} tokens, ends with ${tokenizer.eos.map(({ text }) => text).join(', ') || 'nothing'}`);
      output.line(hasChatTemplate ? 'has a chat template' : 'has no chat template');
    }));
  model.command('import')
    .description('a model folder from a GGUF file')
    .argument('<source>', 'file.gguf')
    .requiredOption('--to <dir>', 'folder to write')
    .option('--precision <name>', IMPORT_PRECISIONS.join(', '), oneOf(...IMPORT_PRECISIONS), 'fp32')
    .action(act(async ({ output, homePath }, [source], { to, precision }: { to: string; precision: (typeof IMPORT_PRECISIONS)[number] }) => {
      const { warnings } = await whileWriting(homePath, resolve(to), () => importGguf(source!, to, { precision, onProgress: (done, total) => output.progress('import', done, total) }));
      output.json({ to: resolve(to), warnings });
      for (const warning of warnings) output.line(`Warning: ${warning}`);
      output.line(`Wrote ${to}.`);
    }));
  model.command('merge')
    .description('a whole model from an adapter and its base model')
    .argument('<adapter>', 'folder of an adapter, or of a checkpoint that holds one')
    .requiredOption('--to <dir>', 'folder to write')
    .option('--precision <name>', `${IMPORT_PRECISIONS.join(', ')}; that of the base model if left out`, oneOf(...IMPORT_PRECISIONS))
    .action(act(async ({ output }, [adapter], { to, precision }: { to: string; precision?: (typeof IMPORT_PRECISIONS)[number] }) => {
      const written = await mergeAdapter(modelIn(adapter!), to, { precision, onProgress: (done, total) => output.progress('merge', done, total) });
      output.json({ to: resolve(to), precision: written });
      output.line(`Wrote ${to} in ${written}.`);
    }));
  model.command('make-student')
    .description('a smaller model from some layers of a teacher')
    .requiredOption('--from <model>', 'the teacher\'s folder')
    .option('--layers <numbers>', 'layers to keep, counted from 0, separated by commas', wholes)
    .option('--every <k>', 'keep about every k-th layer, the first and the last among them', count)
    .requiredOption('--to <dir>', 'folder to write')
    .action(act(async ({ output, homePath }, _args, options: { from: string; layers?: number[]; every?: number; to: string }) => {
      const teacher = await openModel(options.from);
      if ((options.layers === undefined) === (options.every === undefined)) throw new Problem('Give either --layers or --every.');
      const layers = options.every === undefined ? options.layers! : everyKth(teacher.config.layers, options.every);
      await whileWriting(homePath, resolve(options.to), () => makeStudent(teacher, layers, options.to));
      output.json({ to: resolve(options.to), layers });
      output.line(`Wrote ${options.to} with layers ${layers.join(', ')}.`);
    }));
  model.command('init')
    .description('a fresh model')
    .requiredOption('--config <file>', 'config.json')
    .requiredOption('--tokenizer <file>', 'tokenizer.json, or the folder that has it')
    .requiredOption('--to <dir>', 'folder to write')
    .option('--seed <number>', 'start of the random weights', whole, 0)
    .action(act(async ({ output }, _args, options: { config: string; tokenizer: string; to: string; seed: number }) => {
      await initModel(options);
      output.json({ to: resolve(options.to) });
      output.line(`Wrote ${options.to}.`);
    }));
}
