import { z } from 'zod';
import type { HubFound, HubKind } from '../contract/hub.ts';
import { getJson } from './get-json.ts';
import type { Hub } from './hub.ts';
import { licenceFields, licenceOf } from './repository-info.ts';

/** What a hub is asked to tell of each. */
const EXPAND: Readonly<Record<HubKind, readonly string[]>> = {
  model: ['downloads', 'gated', 'tags', 'config', 'safetensors', 'gguf'], dataset: ['downloads', 'gated', 'tags'],
};

const counted = z.object({ total: z.int().nonnegative() }).nullish().catch(null);
const foundSchema = z.object({
  id: z.string().min(1).max(200), downloads: z.number().catch(0), ...licenceFields,
  config: z.object({ model_type: z.string().max(100).optional() }).nullish().catch(null),
  safetensors: counted, gguf: counted,
});

/** The most used repositories whose names have a text. @throws Problem */
export async function searchHub(hub: Hub, kind: HubKind, text: string, most: number, signal?: AbortSignal): Promise<HubFound[]> {
  const query = new URLSearchParams([
    ['search', text], ['limit', String(most)], ['sort', 'downloads'], ['direction', '-1'],
    ...EXPAND[kind].map((name): [string, string] => ['expand', name]),
  ]);
  const { value } = await getJson(hub, `/api/${kind}s?${query.toString()}`, z.array(foundSchema), { signal });
  return value.slice(0, most).map(({ id, downloads, tags, gated, config, safetensors, gguf }): HubFound => ({
    id, downloads, licence: licenceOf(tags), isGated: gated !== false,
    modelType: config?.model_type ?? null, parameters: (safetensors ?? gguf)?.total ?? null,
  }));
}
