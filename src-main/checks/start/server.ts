import { longestTexts, type LongestText } from '../../contract/longest-texts.ts';
import { Problem } from '../../contract/problem.ts';
import { openServer, type OpenedServer } from '../../remote/open-server.ts';
import { patiently, SHORT } from '../../remote/patience.ts';
import { compareTokens, TELLING_TEXTS, writable } from '../../remote/same-tokens.ts';
import { serverName, serverOf } from '../../remote/server.ts';
import { firstExamples } from '../../text/example-set.ts';
import { check, notice } from '../check.ts';

/** Texts of the data on which the tokenizers are compared. */
const TEXTS = 4;

/** The server can be reached, has the model, the student's tokens and room for its texts, and tells what the method asks for. */
export const serverAnswers = check('server', ['recipe', 'heldOut', 'method', 'student', 'train', 'serverKey', 'sharedVocabulary'], async ({ recipe, heldOut, method, student, train, serverKey, sharedVocabulary }) => {
  const settings = recipe.teacher?.server;
  if (!settings || (method.divergence === 'cross_entropy' && method.source === 'data')) return;
  const opened = await openServer(serverOf(settings, serverKey, sharedVocabulary), SHORT);
  const { server, model, tokens } = opened;
  refuseLonger(opened, longestTexts(recipe, heldOut));
  if (!tokens) return;
  const examples = await firstExamples(train, TEXTS);
  const cut = (text: string): number[] => student.tokenizer.encode(text, { special: false });
  const telling = writable(TELLING_TEXTS, cut, (ids) => student.tokenizer.decode(ids, { skipSpecial: false }));
  const isSame = await patiently(SHORT, undefined, () => compareTokens(server, model.id, [...examples.map(({ promptText }) => promptText), ...telling], cut));
  const [first] = examples;
  if (first && method.divergence !== 'cross_entropy') {
    // The first token of a prompt has nothing before it.
    const ids = [...first.prompt, ...first.completion, ...(first.completion.length > 0 ? [] : [first.prompt.at(-1)!])];
    await patiently(SHORT, undefined, () => tokens.judge([{ ids, from: ids.length - 1 }]));
  }
  return isSame ? [] : [notice('server', {
    field: 'teacher.server',
    message: `${serverName(server)} does not say how it cuts texts into tokens (it has no /tokenize), so whether its model has the student's tokens is not known.`,
    hint: 'Make sure that it is of the student\'s family: another tokenizer would teach nonsense.',
  })];
});

function refuseLonger({ server, model: { id, contextLength } }: OpenedServer, texts: readonly LongestText[]): void {
  if (contextLength === null) return;
  // A server writes one token behind a text that it judges.
  const room = ({ isJudged }: LongestText): number => contextLength - Number(isJudged);
  const long = texts.find((text) => text.tokens > room(text));
  if (!long) return;
  throw new Problem(`${long.fields} together are ${long.tokens} tokens, and ${serverName(server).replace(/^T/, 't')} reads ${room(long)} of "${id}".`, {
    hint: 'Lower one of them, or start the server with a longer --max-model-len.',
  });
}
