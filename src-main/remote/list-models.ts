import { z } from 'zod';
import { Problem } from '../contract/problem.ts';
import { visibleLine } from '../contract/visible.ts';
import { ask, malformed } from './ask.ts';
import { serverName, type Server } from './server.ts';

const listSchema = z.object({ data: z.array(z.object({ id: z.string(), max_model_len: z.int().nullish() })) });

/** A model as a server lists it. */
export interface ListedModel { readonly id: string; /** Longest text that it reads; null where the server does not say. */ readonly contextLength: number | null }

/** Most names that a message lists. */
const SHOWN = 8;

export async function listModels(server: Server, signal?: AbortSignal): Promise<ListedModel[]> {
  const list = listSchema.safeParse(await ask(server, '/v1/models', undefined, signal));
  if (!list.success) throw malformed(server, 'without a list of models');
  return list.data.data.map(({ id, max_model_len: length }) => ({ id, contextLength: length ?? null }));
}

/** The model that is meant: the one that is named, or the only one. @throws Problem where there is none, or not one alone */
export function chooseModel(server: Server, models: readonly ListedModel[]): ListedModel {
  const name = serverName(server);
  const names = models.slice(0, SHOWN).map(({ id }) => visibleLine(id)).join(', ') + (models.length > SHOWN ? ` and ${models.length - SHOWN} more` : '');
  if (models.length === 0) throw new Problem(`${name} lists no model.`, { hint: 'Load one there first.' });
  if (server.model === undefined) {
    if (models.length === 1) return models[0]!;
    throw new Problem(`${name} has ${models.length} models, and the recipe names none: ${names}.`, { hint: 'Choose one in teacher.server.model.' });
  }
  // Ollama calls "name:latest" what everybody calls "name".
  const found = models.find(({ id }) => id === server.model) ?? models.find(({ id }) => id === `${server.model}:latest`);
  if (found) return found;
  throw new Problem(`${name} does not have the model "${server.model}"; it has ${names}.`, { hint: 'Choose one of these in teacher.server.model.' });
}
