import { patiently, type Patience } from './patience.ts';
import { chooseModel, listModels, type ListedModel } from './list-models.ts';
import { sglangServer } from './sglang.ts';
import type { Server } from './server.ts';
import type { TokenServer } from './token-answers.ts';
import { vllmServer } from './vllm.ts';

/** A server that was asked what it has. */
export interface OpenedServer { readonly server: Server; readonly model: ListedModel; /** Null where it only speaks in chats. */ readonly tokens: TokenServer | null }

/** Finds the model that a recipe means. @throws Problem where the server cannot be reached, or does not have it */
export async function openServer(server: Server, patience: Patience, signal?: AbortSignal): Promise<OpenedServer> {
  const model = chooseModel(server, await patiently(patience, signal, () => listModels(server, signal)));
  switch (server.protocol) {
    case 'vllm': return { server, model, tokens: vllmServer(server, model.id) };
    case 'sglang': return { server, model, tokens: sglangServer(server) };
    case 'chat': return { server, model, tokens: null };
  }
}
