import type { Finding } from '../contract/finding.ts';
import { endTokens, type Model } from '../model/load-model.ts';
import { anyPair, unsharedTokens } from '../model/model-pair.ts';
import { endOfTurn } from '../text/chat/chat-end.ts';
import { loadChatTemplate } from '../text/chat/chat-template.ts';
import { check, notice } from './check.ts';

/** A student can learn from its teacher where to stop. */
export const sharedEnds = check('eos', ['student', 'teacher', 'eos'], ({ student, teacher, eos }) => {
  // With other tokens, ends are matched by what they are for.
  if (teacher && !anyPair(student, teacher).hasSameTokens) return;
  const ends = teacher ? endTokens(teacher) : eos;
  if ([...ends].some((id) => eos.has(id))) return;
  return [notice('eos', {
    message: `Teacher and student end their texts with different tokens (${shown(ends, student)} and ${shown(eos, student)}): the student may never learn to stop.`,
  })];
});

/** Both models know the same tokens. */
export const sharedTokens = check('vocabulary', ['student', 'teacher', 'models'], ({ student, teacher }) => {
  const unshared = teacher && anyPair(student, teacher).hasSameTokens ? unsharedTokens({ teacher, student }) : null;
  return unshared === null ? [] : [notice('vocabulary', { message: unshared })];
});

/** A prompt that is written behind is not one that has ended: some tokenizers were saved with an end token behind every text. */
export const openPrompts = check('closed-prompt', ['recipe', 'student', 'eos'], ({ recipe: { data }, student: { tokenizer, decoder }, eos }) => {
  if (data.chat || data.messages !== undefined || decoder.encoder !== null) return;
  const last = tokenizer.encode('a', { special: true }).at(-1);
  if (last === undefined || !eos.has(last) || tokenizer.encode('a', { special: false }).at(-1) === last) return;
  return [notice('eos', {
    message: `The student's tokenizer puts ${JSON.stringify(tokenizer.tokenOf(last))} behind every text, so whoever writes to a prompt writes behind its end, as with Transformers; data is learned without it.`,
    hint: 'Save the tokenizer with add_eos_token false, or take the token out of post_processor in its tokenizer.json.',
  })];
});

/** The token behind an answer in the student's chats is one that ends a text. */
export const chatEnd = check('end-of-turn', ['recipe', 'student', 'eos'], async ({ recipe: { data }, student, eos }): Promise<Finding[]> => {
  if (!data.chat && data.messages === undefined) return [];
  const end = endOfTurn(await loadChatTemplate(student.folder.companions), student.tokenizer);
  return end === null || eos.has(end) ? [] : [notice('eos', {
    message: `The student's chat template ends an answer with ${shown([end], student)}, which is none of its end tokens (${shown(eos, student)}): `
      + 'its answers will not stop there.',
    hint: 'Set eos_token_id in its generation_config.json.',
  })];
});

const shown = (ids: Iterable<number>, { tokenizer }: Model): string => [...ids].map((id) => tokenizer.tokenOf(id) ?? `id ${id}`).join(', ');
