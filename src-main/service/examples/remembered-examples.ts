import { stat } from 'node:fs/promises';
import { loadChatTemplate } from '../../text/chat/chat-template.ts';
import type { ExampleSet } from '../../text/example-set.ts';
import { readExamples, type ExampleSettings } from './examples.ts';
import { dayOf, thisDay } from './this-day.ts';
import type { Model } from '../../model/load-model.ts';

/** A recipe has two files of examples, and a study's methods differ in whether they need completions. */
const REMEMBERED = 4;

/** By all that they depend on; what was used last stands last. Large sets are no burden: they lie on the disk. */
const remembered = new Map<string, ExampleSet>();

/**
 * As `readExamples`, but what was encoded before is not encoded again while file, settings and tokenizer stay the same:
 * a recipe is looked at, checked, probed and run, and the models of a study read the same examples.
 */
export async function readExamplesOnce(path: string, settings: ExampleSettings, model: Model, signal?: AbortSignal): Promise<ExampleSet> {
  const file = await stateOf(path);
  if (!file) return readExamples(path, settings, model, signal);
  const { prompt, completion, messages, tools, template: variables, learn, chat, system, shots, maxPromptTokens, maxCompletionTokens, needsCompletions, most, today } = settings;
  // What is wrong with a template, reading says in its turn.
  const template = chat || messages !== undefined ? await loadChatTemplate(model.folder.companions).catch(() => null) : null;
  const key = JSON.stringify([
    path, file.state, prompt, completion, messages, tools, variables, learn, chat, system, shots, shots && (await stateOf(shots.file))?.state,
    // JSON knows no infinity.
    String(maxPromptTokens), String(maxCompletionTokens), needsCompletions, most ?? null,
    model.tokenizer.identity, template?.sources, template?.sources.some((source) => source.includes('strftime_now')) && dayOf(today ?? thisDay()),
  ]);
  const examples = remembered.get(key) ?? await readExamples(path, settings, model, signal);
  remembered.delete(key);
  remembered.set(key, examples);
  for (const oldest of remembered.keys()) {
    if (remembered.size <= REMEMBERED) break;
    remembered.delete(oldest);
  }
  return examples;
}

/** What changes when a file does; null where there is none. */
async function stateOf(path: string): Promise<{ state: string } | null> {
  const found = await stat(path, { bigint: true }).catch(() => null);
  return found?.isFile() ? { state: `${found.ino} ${found.size} ${found.mtimeNs}` } : null;
}
