import { toJson } from '../../contract/exact-number.ts';
import type { SampleText } from '../../contract/inspection.ts';
import { isAnswered } from '../../text/chat/conversation.ts';
import type { EncodedExample } from '../../text/encoded-example.ts';
import { isConversation, makeExamples, type ExampleFields } from '../../text/examples.ts';

/** The conversation of an example's prompt, as plain data that may go anywhere, and as its row has it where that says more. */
export function conversationOf({ index, row, turns }: Pick<EncodedExample, 'index' | 'row' | 'turns'>, path: string, view: Pick<ExampleFields, 'prompt' | 'completion' | 'messages' | 'chat' | 'system' | 'shots' | 'tools'>): Pick<SampleText, 'turns' | 'source'> {
  if (turns === null) return { turns };
  const plain = JSON.stringify(turns);
  const [example] = makeExamples([row], path, view, index);
  if (!example || !isConversation(example)) return { turns: JSON.parse(plain) as SampleText['turns'] };
  const { messages, tools } = example;
  const exact = toJson(isAnswered(messages) ? messages.slice(0, -1) : messages);
  return { turns: JSON.parse(plain) as SampleText['turns'], source: tools === null && exact === plain ? null : `{"messages":${exact},"tools":${toJson(tools)}}` };
}
