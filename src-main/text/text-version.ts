/**
 * Which way from a row to tokens this is. 1: prompt and completion apart, a chat's answer behind the generation prompt.
 * 2: one text, cut into tokens once, a conversation as its template writes it. 3: no second end token behind a completion
 * that brings its own; numbers of conversations in JSON text, and the order of keys, as the file has them; the
 * white space that an answer of a chat begins with. A checkpoint
 * keeps the number it was trained by.
 */
export const TEXT_VERSION = 3;

/** What a resumed run is told that was begun by an older version. */
export function textChange(begun: number): string {
  return begun < 2
    ? 'This run was begun by a version that cut prompts and completions into tokens apart, and wrote the answers of chats behind the generation prompt. '
      + 'From here on a text is cut as a whole, and a conversation is learned as its template writes it, so some examples may have other tokens than before.'
    : 'This run was begun by a version that put an end token behind every completion, also behind one that ends with it, read conversations in JSON text without the exact form of '
      + 'their numbers, put keys that are whole numbers first, and took all white space from the beginning of an answer within a chat. Where the data has such texts, some examples have other tokens from here on.';
}
