import { z } from 'zod';

/** One message of a conversation, with whatever its data say of it besides: tool calls, reasoning, a name. */
export const chatTurnSchema = z.looseObject({ role: z.string().max(40), content: z.string().nullish() });
export type ChatTurn = z.infer<typeof chatTurnSchema>;

/** Values that a chat template asks for by name, such as {"enable_thinking": false}. */
export const templateVariablesSchema = z.record(z.string().min(1), z.unknown());
export type TemplateVariables = z.infer<typeof templateVariablesSchema>;
