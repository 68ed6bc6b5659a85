/**
 * Follows one text while it is written, token by token, and may say how it goes on: the tokens returned come next,
 * whatever the model chooses. It is told each token that the model has chosen, and none of its own.
 */
export type Guide = (token: number) => readonly number[];

/** Tokens of a batch of texts with a guide each: what was chosen, or what has to stand in its place. */
export class Guided {
  private readonly texts: { guide: Guide; waiting: number[] }[];

  constructor(texts: number, open: () => Guide) {
    this.texts = Array.from({ length: texts }, () => ({ guide: open(), waiting: [] }));
  }

  /** The next token of a text. @param chosen  by the model */
  next(text: number, chosen: number): number {
    const { guide, waiting } = this.texts[text]!;
    const forced = waiting.shift();
    if (forced !== undefined) return forced;
    waiting.push(...guide(chosen));
    return chosen;
  }
}
