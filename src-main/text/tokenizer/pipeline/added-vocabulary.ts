import type { TokenModel } from '../models/token-model.ts';
import type { AddedToken } from './added-token.ts';
import { ENDS_WITH_WORD, LEADING_SPACE, STARTS_WITH_WORD, trailingSpace } from './characters.ts';
import type { Field } from './field.ts';
import { Literals } from './literals.ts';
import type { Normalizer } from './normalizer.ts';

/** A part of a text: an added token, or text between such. */
export type Section = { readonly text: string; readonly start: number; readonly id: number | null };

/** The tokens beside the model's. */
export class AddedVocabulary {
  readonly ids = new Map<string, number>();
  readonly tokens = new Map<number, AddedToken>();
  /** What tokens that are looked for in normalized text look like there. */
  private readonly forms = new Map<number, string>();
  private readonly specials = new Set<string>();
  private readonly model: TokenModel;
  private readonly normalizer: Normalizer;
  private readonly field: Field;
  private literals = { asWritten: new Literals<number>(), normalized: new Literals<number>() };

  /** `field` is named where tokens cannot be told apart. */
  constructor(model: TokenModel, normalizer: Normalizer, field: Field) {
    this.model = model;
    this.normalizer = normalizer;
    this.field = field;
  }

  /** Adds tokens. As in the tokenizers library one that the model lacks gets the next id, whatever id its file gives it. */
  add(tokens: readonly AddedToken[]): void {
    const largest = [...this.tokens.keys()].reduce((left, right) => Math.max(left, right), -1);
    let next = largest >= this.model.size || (this.model.size === 0 && largest >= 0) ? largest + 1 : this.model.size;
    for (const token of tokens) {
      if (token.content === '') continue;
      const id = this.ids.get(token.content) ?? this.model.vocabulary.ids.get(token.content) ?? next++;
      const form = token.normalized ? this.normalizer.apply(token.content) : token.content;
      if (form !== token.content) this.forms.set(id, form);
      this.ids.set(token.content, id);
      this.tokens.set(id, token);
      if (token.special) this.specials.add(token.content);
    }
    this.literals = this.sorted();
  }

  /** A token's text for the decoder. */
  formOf(id: number): string | undefined {
    return this.forms.get(id) ?? this.tokens.get(id)?.content;
  }

  isSpecial(form: string): boolean {
    return this.specials.has(form);
  }

  /** Cuts out the tokens that stand in a text as it is written. */
  sectionsAsWritten(text: string): Section[] {
    return this.cut(text, this.literals.asWritten);
  }

  /** Cuts out the tokens that stand in normalized text. */
  sectionsOfNormalized(text: string): Section[] {
    return this.cut(text, this.literals.normalized);
  }

  private sorted(): { asWritten: Literals<number>; normalized: Literals<number> } {
    const literals = { asWritten: new Literals<number>(), normalized: new Literals<number>() };
    const seen = new Map<string, string>();
    for (const [id, { content, normalized }] of this.tokens) {
      const form = this.forms.get(id) ?? content;
      if (form === '') this.field.refuse(`has ${JSON.stringify(content)}, of which the normalizer leaves nothing`);
      if (normalized && seen.has(form)) this.field.refuse(`has ${JSON.stringify(seen.get(form))} and ${JSON.stringify(content)}, which the normalizer makes the same`);
      if (normalized) seen.set(form, content);
      (normalized ? literals.normalized : literals.asWritten).add(form, id);
    }
    return literals;
  }

  private cut(text: string, literals: Literals<number>): Section[] {
    const sections: Section[] = [];
    let done = 0;
    const push = (start: number, end: number, id: number | null): void => {
      if (start < end) sections.push({ text: text.slice(start, end), start, id });
    };
    for (const match of literals.find(text)) {
      const token = this.tokens.get(match.value)!;
      const [left, right] = [text.slice(done, match.start), text.slice(match.end)];
      if (token.singleWord && (ENDS_WITH_WORD.test(text.slice(Math.max(0, match.start - 2), match.start)) || STARTS_WITH_WORD.test(right))) continue;
      const start = token.takesLeft ? Math.max(match.start - trailingSpace(left), done) : match.start;
      const end = match.end + (token.takesRight ? LEADING_SPACE.exec(right)?.[0].length ?? 0 : 0);
      push(done, start, null);
      push(start, end, match.value);
      done = end;
    }
    push(done, text.length, null);
    return sections;
  }
}
