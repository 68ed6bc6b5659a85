import type { ChatTurn, TemplateVariables } from '../../../src-main/contract/chat-turn.ts';
import type { DecodeInput } from '../../../src-main/contract/recipe.ts';

interface Asked { model: string; messages: readonly ChatTurn[]; plain: boolean; template?: TemplateVariables; decode: DecodeInput; maxNewTokens: number; seed: number }

/** The command that writes the same answer in a terminal. */
export function chatCommand({ model, messages, plain, template, decode, maxNewTokens, seed }: Asked): string {
  const options = {
    'decode': decode.strategy === 'greedy' ? undefined : decode.strategy, 'temperature': decode.strategy === 'sample' ? decode.temperature : undefined,
    'top-p': decode.topP, 'top-k': decode.topK, 'min-p': decode.minP, 'repetition-penalty': decode.repetitionPenalty,
    'max-new-tokens': maxNewTokens, 'seed': decode.strategy === 'sample' ? seed : undefined,
    'chat-template': template && JSON.stringify(template),
  };
  const said = plain ? ['--prompt', quoted(messages.at(-1)?.content ?? '')] : ['--messages', quoted(JSON.stringify(messages))];
  const rest = Object.entries(options).flatMap(([name, value]) => (value === undefined ? [] : [`--${name}`, quoted(String(value))]));
  return ['retort generate', '--model', quoted(model), ...said, ...rest].join(' ');
}

/** As a POSIX shell takes it. */
const quoted = (text: string): string => (/^[\w./~:@%+,=-]+$/.test(text) ? text : `'${text.replaceAll('\'', '\'\\\'\'')}'`);
