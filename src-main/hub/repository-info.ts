import { z } from 'zod';
import type { Hub } from './hub.ts';
import { getJson } from './get-json.ts';
import { apiPath, type Repository } from './repository.ts';

export interface RepositoryInfo {
  /** The name that the hub has for it now; it may have been renamed. */
  readonly id: string;
  readonly commit: string;
  readonly licence: string | null;
  readonly isGated: boolean;
}

/** Of what a hub tells of a repository, what is used; anything else passes. */
export const licenceFields = { tags: z.array(z.string()).catch([]), gated: z.union([z.boolean(), z.string()]).catch(false) };

const schema = z.object({
  id: z.string().max(200), sha: z.string().regex(/^[0-9a-f]{40,64}$/), ...licenceFields,
  cardData: z.object({ license: z.union([z.string(), z.array(z.string())]).optional(), license_name: z.string().optional() }).nullish().catch(null),
});

/** What a revision of a repository is at this moment. @throws Problem */
export async function repositoryInfo(hub: Hub, repository: Repository, signal?: AbortSignal): Promise<RepositoryInfo> {
  const path = apiPath(repository, `/revision/${encodeURIComponent(repository.revision)}`);
  const { value } = await getJson(hub, path, schema, { repository, signal });
  const card = value.cardData;
  const named = card?.license === 'other' ? card.license_name : undefined;
  return { id: value.id, commit: value.sha, licence: named ?? licenceOf(value.tags), isGated: value.gated !== false };
}

/** The licence by a repository's tags; hubs write it there from its card. */
export function licenceOf(tags: readonly string[]): string | null {
  return tags.find((tag) => tag.startsWith('license:'))?.slice('license:'.length).slice(0, 100) ?? null;
}
