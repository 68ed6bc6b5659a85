import type { Model } from '../../model/load-model.ts';
import type { Alignment } from '../../text/aligned/alignment.ts';
import { eachExample, type ExampleSet } from '../../text/example-set.ts';
import type { ExampleSettings } from './examples.ts';
import { readExamplesOnce } from './remembered-examples.ts';

/**
 * Tells an alignment what the teacher reads where the student reads a chat: the same conversation, by each model's own
 * template. Other texts are the same for both. @param settings  by which `examples` were read of the file `path`
 */
export async function notePrompts(alignment: Alignment, teacher: Model, path: string, settings: ExampleSettings, examples: ExampleSet, signal?: AbortSignal): Promise<void> {
  if (!settings.chat && settings.messages === undefined) return;
  const prompts = new Map<number, Int32Array>();
  const read = await readExamplesOnce(path, { ...settings, maxPromptTokens: Infinity, needsCompletions: false }, teacher, signal);
  for await (const { index, prompt } of eachExample(read)) prompts.set(index, prompt);
  for await (const { index, prompt, context } of eachExample(examples)) {
    const ofTeacher = prompts.get(index);
    if (!ofTeacher) continue;
    alignment.note(prompt, ofTeacher);
    alignment.note(context, ofTeacher);
  }
}
