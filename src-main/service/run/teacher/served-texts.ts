import { Problem } from '../../../contract/problem.ts';
import type { DataSettings } from '../../../contract/recipe.ts';
import { rowName } from '../../../data/read.ts';
import { encodeText } from '../../../text/encode.ts';
import type { EncodedExample } from '../../../text/encoded-example.ts';
import { endOfTurn } from '../../../text/chat/chat-end.ts';
import { loadChatTemplate } from '../../../text/chat/chat-template.ts';
import { isConversation, makeExamples } from '../../../text/examples.ts';
import { plainText } from '../../../text/chat/marked-text.ts';
import type { WritingSettings } from '../../../remote/token-answers.ts';
import type { ServedWriter } from '../../../teacher/served/served-writer.ts';
import type { WrittenText } from '../../../teacher/served/written-texts.ts';
import { encoderOf } from '../../examples/text-encoder.ts';
import type { PreparedRun } from '../look/prepare.ts';

/** A completion as the student would have written it. */
export interface ServedText { tokens: number[]; text: string; ended: boolean }

/** What a server writes to the prompts of examples, in the student's tokens. @param data  that made the examples: a stage's own, or that of held-out rows */
export async function servedTexts(
  run: Pick<PreparedRun, 'student' | 'eos' | 'sharedVocabulary' | 'recipe'>, data: DataSettings, writer: ServedWriter, examples: readonly EncodedExample[], settings: Omit<WritingSettings, 'eos'>, onDone?: (count: number) => void,
): Promise<ServedText[]> {
  if (run.recipe.teacher?.server?.protocol === 'chat') refuseTools(examples, data);
  const asked = examples.map(({ prompt, inputText, turns }) => ({ tokens: [...prompt], turns: turns ?? [{ role: 'user', content: inputText }] }));
  const written = await writer.write(asked, { ...settings, eos: [...run.eos] }, onDone);
  const end = await endOfAnswers(run, data);
  return written.map((text, at) => (text.tokens ? fromTokens(run, text.tokens, text.ended) : fromText(run, text, examples[at]!, settings.maxTokens, end)));
}

/** A chat service answers what it is sent: an answer to a conversation without its tools would be learned behind one with them. */
function refuseTools(examples: readonly EncodedExample[], data: DataSettings): void {
  if (data.messages === undefined && data.tools === undefined) return;
  for (const { row, index } of examples) {
    const [example] = makeExamples([row], data.train, data, index);
    if (!example || !isConversation(example) || example.tools === null) continue;
    throw new Problem(`${rowName(data.train, index)} has tools, which a server of protocol "chat" is not sent.`, {
      hint: 'Take the tools out of the data, or use a server of vLLM or SGLang: it is sent the conversation as the student reads it.',
    });
  }
}

/** Up to the first end, and nothing that the student does not know. */
function fromTokens({ student: { tokenizer }, eos, sharedVocabulary }: Pick<PreparedRun, 'student' | 'eos' | 'sharedVocabulary'>, given: readonly number[], ended: boolean): ServedText {
  const stop = given.findIndex((id) => eos.has(id) || id >= sharedVocabulary);
  const isEnd = stop >= 0 && eos.has(given[stop]!);
  const kept = stop < 0 ? [...given] : given.slice(0, stop + Number(isEnd));
  // Some servers leave out the token that ended a text.
  const tokens = ended && stop < 0 ? [...kept, [...eos][0]!] : kept;
  return { tokens, text: tokenizer.decode(tokens, { skipSpecial: true }), ended: isEnd || (ended && stop < 0) };
}

/** A service that knows no tokens of the student's: its text is cut into them as a completion of the data would be. */
function fromText({ student }: Pick<PreparedRun, 'student'>, { text: given, ended }: WrittenText, { inputText, turns }: EncodedExample, maxTokens: number, end: number): ServedText {
  const text = (given ?? '').trim();
  const encoder = encoderOf(student, turns !== null);
  const limits = { maxPromptTokens: Infinity, maxCompletionTokens: Infinity };
  // Behind a plain prompt a blank separates the two, as it would in data.
  const joined = turns !== null || encoder.isApart ? null : plainText(inputText, `${/\s$/.test(inputText) ? '' : ' '}${text}`);
  const cut = joined ? [...encodeText(joined, encoder, limits).completion].slice(0, -1) : [...encoder.encode(text)];
  const whole = ended && cut.length < maxTokens;
  return { tokens: [...cut.slice(0, maxTokens), ...(whole ? [end] : [])], text, ended: whole };
}

/** The token that ends an answer: of a chat, what its template puts there. */
async function endOfAnswers({ student: { folder, tokenizer }, eos }: Pick<PreparedRun, 'student' | 'eos'>, data: DataSettings): Promise<number> {
  const isChat = data.chat || data.messages !== undefined;
  return (isChat ? endOfTurn(await loadChatTemplate(folder.companions), tokenizer) : null) ?? [...eos][0]!;
}
