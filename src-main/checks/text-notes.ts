import { basename } from 'node:path';
import { loadChatTemplate } from '../text/chat/chat-template.ts';
import { columnFindings } from '../text/column-findings.ts';
import { textFindings, unreadVariables } from '../text/text-findings.ts';
import { check } from './check.ts';

/** What the chat template and the tokenizer did with the texts that their rows do not say. */
export const trainingNotes = check('text-notes', ['recipe', 'train'], ({ recipe: { data }, train }) => textFindings(train.notes, basename(data.train)));
export const heldOutNotes = check('text-notes', ['heldOut', 'validation'], ({ heldOut: data, validation }) => (
  data.validation === undefined ? undefined : textFindings(validation.notes, basename(data.validation))));

/** Columns that become other texts than their templates' author will have meant. */
export const columns = check('columns', ['recipe', 'train'], async ({ recipe: { data }, train }) => (
  train.count === 0 ? [] : columnFindings(data, (await train.read([0]))[0]!.row)));

/** Switches of a chat template that has none of that name. */
export const templateVariables = check('template-variables', ['recipe', 'student'], async ({ recipe: { data }, student }) => {
  if (data.template === undefined || (!data.chat && data.messages === undefined)) return;
  return unreadVariables(data.template, (await loadChatTemplate(student.folder.companions)).sources.join('\n'));
});
