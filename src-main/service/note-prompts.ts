import type { Alignment } from '../text/aligned/alignment.ts';
import { eachExample, type ExampleSet } from '../text/example-set.ts';

/** Tells an alignment what the teacher reads where the student reads a chat: the same conversation, by each model's own template. @param ofTeacher  the same file, read for the teacher */
export async function notePrompts(alignment: Alignment, examples: ExampleSet, ofTeacher: ExampleSet): Promise<void> {
  const prompts = new Map<number, Int32Array>();
  for await (const { index, prompt } of eachExample(ofTeacher)) prompts.set(index, prompt);
  for await (const { index, prompt, context } of eachExample(examples)) {
    const read = prompts.get(index);
    if (!read) continue;
    alignment.note(prompt, read);
    alignment.note(context, read);
  }
}
