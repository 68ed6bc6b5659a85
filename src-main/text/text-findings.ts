import type { Finding } from '../contract/finding.ts';
import type { TemplateVariables } from '../contract/chat-turn.ts';
import type { TextNotes } from '../contract/data-view.ts';

/** What is worth knowing of how a file's texts became tokens. @param file  its name */
export function textFindings({ examples, moved, openings, opening, missed, firstMissed, ignored }: TextNotes, file: string): Finding[] {
  const found: Finding[] = Object.entries(ignored).map(([key, count]): Finding => ({
    code: 'ignored-by-template', level: 'notice', field: key === 'tools' ? 'data.tools' : 'data.messages',
    message: `${count} of ${examples} examples of ${file} have ${key}, which the chat template writes nothing of: it is not learned.`,
    hint: 'Choose a model whose template knows it, or put it into the content.',
  }));
  if (firstMissed !== null) {
    found.push({
      code: 'not-written', level: 'notice', field: 'data',
      message: `${missed} of ${examples} examples of ${file} have something that the model's tokenizer has no token for, first ${JSON.stringify(firstMissed)}: the model does not see it, and does not learn it.`,
      hint: 'Take it out of the texts, or choose a model whose tokenizer knows their characters.',
    });
  }
  if (opening) {
    found.push({
      code: 'opening-differs', level: 'notice',
      message: `In ${openings} of ${examples} examples of ${file} the answer does not go on from the generation prompt: that ends with ${JSON.stringify(opening.asked)}, `
        + `and the conversation goes on with ${JSON.stringify(opening.written)}. The conversation as the template writes it is learned.`,
      hint: 'If the model should think first, give its reasoning with the answers, or set the template\'s own switch in data.template.',
    });
  }
  if (moved > 0) {
    found.push({
      code: 'boundary-inside-token', level: 'notice', field: 'data.completion',
      message: `In ${moved} of ${examples} examples of ${file} the completion begins within a token, which is learned whole.`,
      hint: 'White space between prompt and completion belongs to the completion.',
    });
  }
  return found;
}

/** Variables that a template never reads. */
export function unreadVariables(variables: TemplateVariables, source: string): Finding[] {
  return Object.keys(variables).filter((name) => !source.includes(name)).map((name) => ({
    code: 'unread-variable', level: 'notice', field: `data.template.${name}`, message: `The chat template never reads ${name}, so its value changes nothing.`,
  }));
}
