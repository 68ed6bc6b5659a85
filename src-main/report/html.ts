import { escape } from '../picture/svg.ts';

/** Markup that is known to be right: everything else that comes into a page is text, and is escaped. */
export class Html {
  readonly markup: string;

  constructor(markup: string) {
    this.markup = markup;
  }
}

export type Content = Html | string | number | null | undefined | false | readonly Content[];

/** A piece of a page. What is put into it is escaped, unless it was made by this function too; what is not there is left out. */
export function html(texts: TemplateStringsArray, ...contents: Content[]): Html {
  return new Html(texts.map((text, at) => (at === 0 ? text : markupOf(contents[at - 1]) + text)).join(''));
}

/** Takes markup as it is: of `picture/`, which escapes for itself. */
export const drawn = (markup: readonly string[]): Html => new Html(markup.join('\n'));

function markupOf(content: Content): string {
  if (content instanceof Html) return content.markup;
  if (content === null || content === undefined || content === false) return '';
  if (typeof content === 'string') return escape(printable(content));
  return typeof content === 'number' ? String(content) : content.map(markupOf).join('');
}

/** HTML has no place for most control characters and for halves of characters. */
const printable = (text: string): string => text.replaceAll(/(?![\t\n\r])\p{Cc}|\p{Cs}|\p{Noncharacter_Code_Point}/gu, '\ufffd');
