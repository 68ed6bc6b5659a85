import { basename, join, resolve } from 'node:path';
import type { Command } from 'commander';
import { bytesText } from '../contract/bytes-text.ts';
import type { HubKind, HubLook } from '../contract/hub.ts';
import { visibleLine } from '../contract/visible.ts';
import { searchHub } from '../hub/search.ts';
import { describeModel } from '../model/show.ts';
import { getLooked } from '../service/hub/get.ts';
import { lookAtHub } from '../service/hub/look.ts';
import { openHub } from '../service/hub/open-hub.ts';
import { placeFor } from '../service/hub/place.ts';
import { putModel } from '../store/models.ts';
import type { Action } from './action.ts';
import { cancelOnInterrupt } from './cancel-on-interrupt.ts';
import type { Context } from './context.ts';
import { count } from './options.ts';
import { Ticker } from './ticker.ts';

interface HubOption { hub?: string }
interface GetOptions extends HubOption { to?: string; file?: string[]; dryRun?: boolean }
interface SearchOptions extends HubOption { most: number }

const collect = (text: string, before: string[] = []): string[] => [...before, text];
const HUB = 'address of the hub; without it HF_ENDPOINT, or https://huggingface.co';

/** What is asked of a hub. @param model  the group of commands on models */
export function addModelHubCommands(model: Command, act: Action): void {
  addSearch(model, 'model', act);
  addGet(model, 'model', act)
    .option('--file <name>', 'a GGUF file, or how it is packed, such as Q4_K_M', collect);
}

export function addDataHubCommands(program: Command, act: Action): void {
  const data = program.command('data').description('data sets of a hub');
  addSearch(data, 'dataset', act);
  addGet(data, 'dataset', act)
    .option('--file <path>', 'a file of it, or a pattern such as "data/train-*"; may be given several times', collect);
}

function addSearch(group: Command, kind: HubKind, act: Action): void {
  group.command('search')
    .description(`${kind === 'model' ? 'models' : 'data sets'} of a hub, the most used first; asks the hub, with HF_TOKEN if it is set`)
    .argument('<text>', 'part of the name')
    .option('--hub <url>', HUB)
    .option('--most <number>', 'how many', count, 20)
    .action(act(async ({ output }, [text], { hub: named, most }: SearchOptions) => {
      const { hub } = await openHub(named ?? null);
      const found = await searchHub(hub, kind, text!, most);
      output.json(found);
      if (found.length === 0) output.line(`Nothing with "${text}" in its name.`);
      for (const { id, licence, isGated, downloads, modelType, parameters } of found) {
        const facts = [
          ...(parameters === null ? [] : [`${(parameters / 1e6).toFixed(0)}M parameters`]), ...(modelType === null ? [] : [modelType]),
          licence ?? 'no licence given', ...(isGated ? ['gated'] : []), `${downloads} downloads`,
        ];
        output.line(`${visibleLine(id)}  ${visibleLine(facts.join(', '))}`);
      }
    }));
}

function addGet(group: Command, kind: HubKind, act: Action): Command {
  return group.command('get')
    .description(kind === 'model'
      ? 'download a model: config, tokenizer, safetensors or one GGUF file; goes on where an earlier try was cut off, and checks every file'
      : 'download files of a data set; goes on where an earlier try was cut off, and checks every file')
    .argument('<name>', 'ORG/NAME, ORG/NAME@REVISION or the address of its page')
    .option('--hub <url>', HUB)
    .option('--to <dir>', `folder to write; without it one in the ${kind === 'model' ? 'models' : 'data'} of the home folder`)
    .option('--dry-run', 'only say what would be downloaded, and whether Retort can use it')
    .action(act(async (context, [name], options: GetOptions) => {
      const { output } = context;
      const cancelled = cancelOnInterrupt();
      const { hub } = await openHub(options.hub ?? null);
      const looked = await lookAtHub(hub, { kind, name: name!, files: options.file ?? [] }, cancelled);
      tell(context, looked.look);
      if (options.dryRun) return output.json(looked.look);
      const to = options.to === undefined ? await placeFor(join(context.homePath, kind === 'model' ? 'models' : 'data'), looked.look) : resolve(options.to);
      const ticker = new Ticker(output);
      const got = await getLooked(hub, looked, to, { signal: cancelled, onProgress: (file, done, total) => ticker.tell(file, done, total) });
      output.endProgress();
      await remember(context, kind, to, looked.look);
      output.json({ event: 'done', ...got });
      output.line(got.wasThere ? `${to} has it already.` : `Wrote ${to}.`);
      for (const { path } of kind === 'model' && !got.files.some((file) => file.path.endsWith('.gguf')) ? [] : got.files) output.line(join(to, path));
    }));
}

/** What is known before the download, in lines. */
function tell({ output }: Context, { id, commit, licence, isGated, files, bytes, model, fits, memoryFree, unusable }: HubLook): void {
  output.line(visibleLine(`${id} at ${commit.slice(0, 12)}, licence: ${licence ?? 'none given'}${isGated ? ', gated' : ''}`));
  if (model) output.line(`${model.family}, ${(model.parameters / 1e6).toFixed(1)} million parameters, ${model.layers} layers, context ${model.contextLength ?? 'without limit'}`);
  if (fits.length > 0) output.line(`memory: ${fits.map((fit) => `${bytesText(fit.bytes)} ${fit.use}`).join(', ')}; ${bytesText(memoryFree)} free`);
  for (const file of files) output.line(`  ${visibleLine(file.path)}  ${bytesText(file.bytes)}`);
  if (files.length > 0) output.line(`${files.length} ${files.length === 1 ? 'file' : 'files'}, ${bytesText(bytes)}`);
  if (unusable) output.warning(`Retort cannot use it: ${unusable.message}${unusable.hint === undefined ? '' : ` ${unusable.hint}`}`);
}

/** Puts a model that Retort can use on the list of models, under its own name. */
async function remember(context: Context, kind: HubKind, path: string, { id }: HubLook): Promise<void> {
  if (kind !== 'model') return;
  const description = await describeModel(path).catch(() => null);
  if (description) await putModel((await context.openHome()).database, { path, name: basename(id), added: Date.now(), description });
}
