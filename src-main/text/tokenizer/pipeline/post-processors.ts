import { checkId } from '../models/vocabulary.ts';
import type { Field } from './field.ts';

/** Ids with the type of each: 0 for a first text, 1 for a second, as a rule. */
export interface Encoding { ids: number[]; types: number[] }

/** Puts special tokens around one text or two. */
export interface PostProcessor {
  /** Without `special` only the types are set. */
  apply(texts: readonly Encoding[], special: boolean): Encoding;
  readonly addsTokens: boolean;
}

/** Reads the field `post_processor`; none joins the texts as they are. */
export function readPostProcessor(field: Field): PostProcessor {
  if (field.isAbsent) return PLAIN;
  const type = field.at('type').text();
  const read = Object.hasOwn(POST_PROCESSORS, type) ? POST_PROCESSORS[type]! : field.at('type').refuse(`is ${JSON.stringify(type)}, a post-processor that Retort does not know`);
  return read(field);
}

const PLAIN: PostProcessor = { apply: (texts) => joined(texts), addsTokens: false };

const POST_PROCESSORS: Readonly<Record<string, (field: Field) => PostProcessor>> = {
  BertProcessing: (field) => classifier(field, { middle: false, types: true }),
  // Only the places of tokens in the text are changed, which nobody here asks for.
  ByteLevel: () => PLAIN,
  RobertaProcessing: (field) => classifier(field, { middle: true, types: false }),
  Sequence: (field) => {
    const adding = field.at('processors').list().map(readPostProcessor).filter(({ addsTokens }) => addsTokens);
    if (adding.length > 1) field.refuse('has more than one part that adds tokens, which Retort does not do');
    return adding[0] ?? PLAIN;
  },
  TemplateProcessing: templates,
};

/** Models with a token before the text and one behind: `<s> A </s>`, and for two `[CLS] A [SEP] B [SEP]` or, with `middle`, `<s> A </s></s> B </s>`. */
function classifier(field: Field, { middle, types }: { middle: boolean; types: boolean }): PostProcessor {
  const [opening, closing] = [readPair(field.at('cls')), readPair(field.at('sep'))];
  return {
    addsTokens: true,
    apply: (texts, special) => {
      const parts = texts.map(({ ids }, at) => {
        const around = special ? [...(at > 0 ? [] : [opening]), ...(at > 0 && middle ? [closing] : [])] : [];
        const all = [...around, ...ids, ...(special ? [closing] : [])];
        return { ids: all, types: all.map(() => (types ? at : 0)) };
      });
      return joined(parts);
    },
  };
}

/** A token with its id; the id is what counts. */
function readPair(field: Field): number {
  const [token, id, ...more] = field.list();
  if (!token || !id || more.length > 0) return field.refuseKind('a token with its id');
  checkId(id.value, field, token.text());
  return id.value;
}

type Part = { readonly text: 0 | 1; readonly type: number } | { readonly ids: readonly number[]; readonly type: number };

/** The special tokens as the file spells them out: one template for a text, one for two. */
function templates(field: Field): PostProcessor {
  const single = readTemplate(field.at('single'), field.at('special_tokens'));
  const pair = readTemplate(field.at('pair'), field.at('special_tokens'));
  const uses = (parts: readonly Part[], text: 0 | 1): boolean => parts.some((part) => 'text' in part && part.text === text);
  if (uses(single, 1)) field.at('single').refuse('uses the second text, and there is only one');
  if (!uses(pair, 0) || !uses(pair, 1)) field.at('pair').refuse('does not use both texts');
  return {
    addsTokens: true,
    apply: (texts, special) => joined((texts.length === 1 ? single : pair).flatMap((part) => {
      if ('ids' in part && !special) return [];
      const ids = 'ids' in part ? part.ids : texts[part.text]!.ids;
      return [{ ids: [...ids], types: ids.map(() => part.type) }];
    })),
  };
}

function readTemplate(field: Field, tokens: Field): Part[] {
  return field.list().map((piece) => {
    const { SpecialToken: token } = piece.object();
    const body = piece.at(token === undefined ? 'Sequence' : 'SpecialToken');
    const type = body.at('type_id').count();
    const id = body.at('id').text();
    if (token === undefined) return { text: id === 'A' ? 0 : id === 'B' ? 1 : body.at('id').refuseKind('"A" or "B"'), type };
    if (!Object.hasOwn(tokens.object(), id)) return body.at('id').refuse(`is ${JSON.stringify(id)}, which special_tokens does not list`);
    return { ids: tokens.at(id).at('ids').list().map((one) => (checkId(one.value, one, id), one.value)), type };
  });
}

function joined(texts: readonly Encoding[]): Encoding {
  return { ids: texts.flatMap(({ ids }) => ids), types: texts.flatMap(({ types }) => types) };
}
