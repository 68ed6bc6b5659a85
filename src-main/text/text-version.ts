/** What has changed on the way from a row to tokens, with the version that it came with. */
const CHANGES: readonly (readonly [version: number, change: string])[] = [
  [2, 'a text is cut into tokens as a whole, and a conversation is learned as its template writes it'],
  [3, 'a completion that brings its own end token gets no second one, numbers and keys of conversations in JSON text stay as the file has them, and an answer in a chat keeps the white space that it begins with'],
  [4, 'a text in a column named "system" beside chat messages is their system message'],
];

/** Which way from a row to tokens this is. A checkpoint keeps the number it was trained by. */
export const TEXT_VERSION = CHANGES.at(-1)![0];

/** What a resumed run is told that was begun by an older version. */
export function textChange(begun: number): string {
  const since = CHANGES.flatMap(([version, change]) => (version > begun ? [change] : []));
  return `This run was begun by an older version. From here on ${since.join('; ')}. Where the data has such texts, some examples have other tokens than before.`;
}
