/** Control characters (C0 but tab and line feed, DEL, C1) and marks that turn the direction of text or show nothing. */
// eslint-disable-next-line no-control-regex -- these are what is looked for
const HIDDEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/** A text whose hidden characters can be seen and do nothing: an escape shows as `\u{1b}`. Tabs and line ends stay. */
export function visible(text: string): string {
  return text.replaceAll(HIDDEN, (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`);
}

/** As `visible`, in one line: for names, which must not look like several. */
export function visibleLine(text: string): string {
  return visible(text.replaceAll('\n', '\\n').replaceAll('\t', '\\t'));
}
