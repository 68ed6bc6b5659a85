import type { SeenData, SeenExample, SeenToken } from '../../contract/data-view.ts';
import type { Commands } from '../../contract/worker.ts';
import type { Params } from '../../contract/worker-host.ts';
import { allLengths, examplesFrom } from '../../text/example-set.ts';
import { summarizeLengths } from '../../text/length-summary.ts';
import { loadChatTemplate } from '../../text/chat/chat-template.ts';
import type { Tokenizer } from '../../text/tokenizer/tokenizer.ts';
import type { EncodedExample } from '../../text/encoded-example.ts';
import { endTokens, openWholeModel } from '../../model/load-model.ts';
import { readExamplesOnce } from './remembered-examples.ts';

/** A data file through the eyes of a model: a page of examples as tokens, which of them are learned, and all lengths. */
export async function seeData({ data, model: path, view, offset, limit }: Params<Commands, 'see'>, signal?: AbortSignal): Promise<SeenData> {
  const model = await openWholeModel(path);
  const examples = await readExamplesOnce(data, { ...view, needsCompletions: false }, model, signal);
  const marks = new Set([...model.tokenizer.specialIds(), ...endTokens(model)]);
  return {
    examples: (await examplesFrom(examples, offset, limit)).map((example) => seenBy(model.tokenizer, marks, example)),
    lengths: summarizeLengths(allLengths(examples)),
    notes: examples.notes,
    template: view.chat || view.messages !== undefined ? (await loadChatTemplate(model.folder.companions)).source : null,
  };
}

function seenBy(
  tokenizer: Tokenizer, marks: ReadonlySet<number>,
  { promptText, completionText, prompt, context, completion, learned, promptLength, completionLength, notes }: EncodedExample,
): SeenExample {
  const show = (ids: Int32Array, isLearned: (at: number) => boolean): SeenToken[] =>
    Array.from(ids, (id, at) => ({ id, text: tokenizer.decode([id], { skipSpecial: false }), isLearned: isLearned(at), isMark: marks.has(id) }));
  return {
    promptText, completionText,
    tokens: [...show(completion.length > 0 ? context : prompt, () => false), ...show(completion, (at) => !learned || learned[at] === 1)],
    isPromptCut: prompt.length < promptLength,
    isCompletionCut: completion.length < completionLength,
    ...notes, ignored: [...notes.ignored],
  };
}
