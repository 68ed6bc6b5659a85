import type { Finding } from '../contract/finding.ts';
import { Template } from '../contract/template.ts';
import { isHolder } from '../data/document-rows.ts';
import type { Row } from '../data/row.ts';
import type { ExampleFields } from './examples.ts';

/** A column as other programs write it: {question}. */
const SINGLE = /(?<!\{)\{\s*([^{}]+?)\s*\}(?!\})/g;

type Templates = Pick<ExampleFields, 'prompt' | 'completion' | 'messages'>;

/** What templates do with the columns of a row that whoever wrote them will hardly mean. */
export function columnFindings(templates: Templates, row: Row | undefined): Finding[] {
  if (!row || templates.messages !== undefined) return [];
  return [...(['prompt', 'completion'] as const).flatMap((field) => inSingleBraces(field, templates[field] ?? '', row)), ...samePrompt(templates, row), ...messagesAsText(templates, row)];
}

function inSingleBraces(field: 'prompt' | 'completion', source: string, row: Row): Finding[] {
  const meant = [...source.matchAll(SINGLE)].map(([, name]) => name!).filter((name) => Object.hasOwn(row, name));
  return meant.length === 0 ? [] : [{
    code: 'single-braces', level: 'notice', field: `data.${field}`,
    message: `The template of the ${field} has {${meant[0]!}}, which stays in the text as it is: a column stands in two braces.`,
    mend: { label: `Write {{${meant[0]!}}}`, patch: { data: { [field]: source.replaceAll(SINGLE, (whole, name: string) => (meant.includes(name) ? `{{${name}}}` : whole)) } } },
  }];
}

/** Every row has a text of its own. */
function samePrompt({ prompt }: Templates, row: Row): Finding[] {
  if (prompt === undefined || new Template(prompt).columns.length > 0 || inSingleBraces('prompt', prompt, row).length > 0) return [];
  return [{ code: 'same-prompt', level: 'notice', field: 'data.prompt', message: 'The template of the prompt names no column, so all examples have the same prompt.', hint: 'Write a column as {{column}}.' }];
}

/** Conversations are written by the model's chat template, not as JSON within a prompt. */
function messagesAsText(templates: Templates, row: Row): Finding[] {
  for (const field of ['prompt', 'completion'] as const) {
    const column = new Template(templates[field] ?? '').columns.find((name) => isConversation(row[name]));
    if (column === undefined) continue;
    return [{
      code: 'messages-as-text', level: 'notice', field: `data.${field}`,
      message: `The column "${column}" holds chat messages, and the template of the ${field} puts them into the text as JSON.`,
      hint: 'Name a column with whole conversations as data.messages; where prompt and completion have messages of their own, join the two lists into one column.',
      ...(field === 'prompt' && templates.completion === undefined && { mend: { label: 'Take them as a conversation', patch: { data: { messages: column, prompt: null, chat: null } } } }),
    }];
  }
  return [];
}

/** A list of nothing but turns, each with its role and what it says. */
const isConversation = (value: unknown): boolean => Array.isArray(value) && value.length > 0
  && value.every((turn) => isHolder(turn) && (('role' in turn && 'content' in turn) || ('from' in turn && 'value' in turn)));
