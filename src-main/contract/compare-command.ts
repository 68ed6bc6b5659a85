import { z } from 'zod';
import { answerJudgeSchema, MOST_MODELS, type Answer, type AnsweringFacts, type RowText } from './comparison.ts';
import { templateVariablesSchema } from './chat-turn.ts';
import { DEVICES } from './divergence.ts';
import { phaseSchema, warningSchema } from './event-schema.ts';
import { dataViewSchema, decodeSchema } from './recipe.ts';

const path = z.string().min(1);
const count = z.int().positive();
const seed = z.int().min(0).max(2 ** 32 - 1);
/** Made and read by one build of this program, so its shape is not checked again. */
const view = <T>(): z.ZodType<T> => z.custom<T>((value) => typeof value === 'object' && value !== null);

/** Several models answer the same prompts, one model after the other. */
export const compare = {
  params: z.strictObject({
    models: z.array(path).min(1).max(MOST_MODELS),
    /** Judges what the models write; null where nobody does. */
    teacher: path.nullable(),
    device: z.enum(DEVICES),
    /** Chat templates are used by the models that have one. */
    texts: z.discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('data'), data: path, view: dataViewSchema, holdOut: z.strictObject({ share: z.number().gt(0).lt(1), seed }).nullable() }),
      z.strictObject({ kind: z.literal('prompts'), prompts: z.array(z.strictObject({ example: z.int().nonnegative(), text: z.string() })), chat: z.boolean(), system: z.string().nullable(), template: templateVariablesSchema.optional() }),
    ]),
    metrics: z.array(z.string()), judge: answerJudgeSchema, examples: count, maxNewTokens: count, decode: decodeSchema, seed,
  }),
  result: z.null(),
  event: z.discriminatedUnion('event', [
    phaseSchema, warningSchema,
    /** Prompts, before anybody answers them. */
    z.strictObject({ event: z.literal('rows'), rows: z.array(view<RowText>()) }),
    /** Of a typed prompt: what was added to an answer. */
    z.strictObject({ event: z.literal('text'), model: z.int(), example: z.int(), text: z.string() }),
    z.strictObject({ event: z.literal('answers'), model: z.int(), answers: z.array(view<Answer & { example: number }>()) }),
    /** A model has answered everything. */
    z.strictObject({ event: z.literal('facts'), model: z.int(), facts: view<AnsweringFacts>() }),
  ]),
};
