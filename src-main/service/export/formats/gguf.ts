import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ChatTurn } from '../../../contract/chat-turn.ts';
import type { PartOf } from '../../../contract/export-parts.ts';
import type { ExportedGguf, RuntimeRun } from '../../../contract/export-report.ts';
import type { GgufType } from '../../../contract/gguf-types.ts';
import { Problem } from '../../../contract/problem.ts';
import { measureImatrix, type Imatrix } from '../../../export/gguf/imatrix.ts';
import { text } from '../../../export/gguf/key-values.ts';
import { modelfile } from '../../../export/gguf/modelfile/modelfile.ts';
import { turnsOf, writeTurns, type Turns } from '../../../export/gguf/modelfile/turns.ts';
import { planExport } from '../../../export/gguf/plan-export.ts';
import { describeTokenizer, type DescribedTokenizer } from '../../../export/gguf/tokenizer/describe-tokenizer.ts';
import { writeGguf } from '../../../export/gguf/write-gguf.ts';
import { findLlama, howToGet, type FoundLlama } from '../../../export/llama/find-llama.ts';
import { runInLlama, type TrainedTexts } from '../../../export/llama/run-llama.ts';
import { executorFor, type Model } from '../../../model/load-model.ts';
import type { ChatTemplate } from '../../../text/chat/chat-template.ts';
import type { ExportJob, Format } from '../job.ts';
import { named } from './named.ts';
import { measureDrafts } from '../measure-drafts.ts';
import { trainedTexts } from '../trained-texts.ts';

const MODELFILE = 'Modelfile';

/** GGUF files, for llama.cpp and what runs on it, and a Modelfile for Ollama. */
export const GGUF: Format<PartOf<'gguf'>> = {
  needsCompanions: false,
  check: ({ folder: { path, config } }) => planExport(path, config),
  steps: ({ types }) => 2 * types.length,
  async write({ types, imatrix: wantsImatrix }, job) {
    const { model, measure, folder, name, signal, step } = job;
    const { folder: { config, path, companions }, tokenizer } = model;
    const plan = await planExport(path, config);
    const described = await describeTokenizer(tokenizer, companions, config.vocabSize);
    const turns = turnsForOllama(model, described);
    const found = config.family === 't5' ? null : await findLlama(job.peers);
    const trained = found ? await trainedTexts(measure, described.stops, signal) : null;
    const imatrix = wantsImatrix ? await imatrixOf(job, plan.tensors) : null;
    const files: ExportedGguf[] = [];
    for (const type of types) {
      step();
      const file = `${name}-${type.toUpperCase()}.gguf`;
      const place = join(folder, file);
      const bytes = await writeGguf(place, { model: model.folder, layers: model.decoder.layers, plan, keys: { ...described.keys, 'general.type': text('model'), ...named(name, (token) => tokenizer.idOf(token)) }, mixture: type, imatrix, signal });
      step();
      const opened = await open(found, trained, place, job, described);
      if ('samples' in opened) opened.samples.slice(0, measure.samples.length).forEach((sample, at) => { measure.samples[at]!.exported[type] = sample; });
      files.push({ type, file: { name: file, bytes }, imatrix: imatrix !== null, notes: [...plan.notes, ...described.notes, ...turns.notes], opened: withoutSamples(opened) });
    }
    const drafts = found && job.draftFor ? await measureDrafts(found, job, files.map(({ file: { name: draft } }) => draft), described.stops) : [];
    const written = await writeModelfile(job, described, turns.turns, bestOf(files).file.name);
    return {
      bytes: files.reduce((sum, { file: { bytes } }) => sum + bytes, 0) + written.bytes,
      report: { gguf: files, modelfile: written, ...(drafts.length > 0 && { drafts }), ...(trained && { trainedPerplexity: trained.perplexity }) },
    };
  },
};

async function imatrixOf({ model, measure, signal }: ExportJob, tensors: Parameters<typeof measureImatrix>[4]): Promise<Imatrix> {
  if (model.decoder.encoder) throw new Problem('An importance matrix is measured of decoders only.', { hint: 'Leave it out.' });
  const texts = measure.texts.map(({ prompt, completion }) => Int32Array.of(...prompt, ...completion));
  return measureImatrix(model.folder.config, executorFor('cpu'), measure.trained.weights, texts, tensors, signal);
}

type Opened = RuntimeRun & { samples: string[] } | { missing: string; hint: string };

/** What came of opening a file; a file that llama.cpp refuses is told, not thrown: the others may be good. */
async function open(found: FoundLlama | null, trained: TrainedTexts | null, place: string, { model, signal, peers }: ExportJob, { template, stops }: DescribedTokenizer): Promise<Opened> {
  if (model.decoder.encoder) return { missing: 'not opened: node-llama-cpp does not run models with an encoder', hint: 'Open it with llama.cpp itself: llama-cli -m FILE -p PROMPT' };
  if (!found || !trained) return { missing: 'not opened: node-llama-cpp is not installed', hint: howToGet(peers) };
  try {
    return await runInLlama(found, place, trained, { tokenizer: model.tokenizer, template, stops, contextLength: model.decoder.contextLength }, signal);
  } catch (error) {
    signal.throwIfAborted();
    return { missing: `llama.cpp did not open it: ${error instanceof Error ? error.message : String(error)}`, hint: 'Tell it to those who make Retort, with the family of the model.' };
  }
}

function withoutSamples(opened: Opened): ExportedGguf['opened'] {
  if (!('samples' in opened)) return opened;
  const { samples: _, ...run } = opened;
  return run;
}

/** The smallest that has the trained model's first choice nearly everywhere; where nothing was measured, one of 8 bits or the first. */
function bestOf(files: readonly ExportedGguf[]): ExportedGguf {
  const good = files.filter(({ opened }) => 'topAgreement' in opened && opened.topAgreement >= 0.95);
  return good.sort((left, right) => left.file.bytes - right.file.bytes)[0] ?? files.find(({ type }) => type === ('q8_0' satisfies GgufType)) ?? files[0]!;
}

const bosOf = ({ tokenizer }: Model): string | null => (tokenizer.bosId === null ? null : tokenizer.tokenOf(tokenizer.bosId) ?? null);

/** The turns of a model's chat template as Ollama can write them, and what does not survive the way there. */
function turnsForOllama(model: Model, { template }: DescribedTokenizer): { turns: Turns | null; notes: string[] } {
  if (!template) return { turns: null, notes: [] };
  const turns = turnsOf(template, bosOf(model));
  if (turns && followsTurns(template, turns, [{ role: 'user', content: 'Hello.' }])) return { turns, notes: [] };
  return { turns: null, notes: ['Ollama\'s language cannot write this model\'s chat template: by its Modelfile a text reaches the model as it is, without the template. llama.cpp and LM Studio read the template in the file itself.'] };
}

const followsTurns = (template: ChatTemplate, turns: Turns, messages: readonly ChatTurn[]): boolean => writeTurns(turns, messages) === template.render(messages, { addGenerationPrompt: true });

async function writeModelfile({ model, folder }: ExportJob, { stops, keys }: DescribedTokenizer, turns: Turns | null, file: string): Promise<{ name: string; bytes: number }> {
  const bos = bosOf(model);
  const addsBos = keys['tokenizer.ggml.add_bos_token']?.value === true;
  const content = modelfile({
    file, turns, bos: addsBos ? bos : null, stops: stopTexts(model, stops),
    generation: await model.folder.companions.json('generation_config.json') ?? {}, contextLength: model.decoder.contextLength,
  });
  await writeFile(join(folder, MODELFILE), content, { flag: 'wx', flush: true });
  return { name: MODELFILE, bytes: Buffer.byteLength(content) };
}

const stopTexts = ({ tokenizer }: Model, stops: readonly number[]): string[] => stops.map((id) => tokenizer.tokenOf(id)).filter((token) => token !== undefined);
