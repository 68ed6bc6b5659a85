import { z } from 'zod';
import { Problem } from '../contract/problem.ts';
import { getJson } from './get-json.ts';
import { hubName, type Hub } from './hub.ts';
import { apiPath, type Repository } from './repository.ts';

/** A file of a repository, and the digest by which a copy of it is known to be whole. */
export interface RepositoryFile {
  readonly path: string;
  readonly bytes: number;
  /** Large files by their SHA-256, the others by git's own hash of a blob, which is a SHA-1. */
  readonly digest: { readonly kind: 'sha256' | 'git'; readonly hex: string };
}

const MOST_PAGES = 50;
const MOST_FILES = 50_000;

const size = z.int().nonnegative();
const entrySchema = z.object({
  type: z.string(), path: z.string().min(1).max(1000), size: size.optional(), oid: z.string().optional(),
  lfs: z.object({ oid: z.string().regex(/^[0-9a-f]{64}$/), size }).nullish(),
});

/** All files of a commit. @throws Problem */
export async function repositoryFiles(hub: Hub, repository: Repository, commit: string, signal?: AbortSignal): Promise<RepositoryFile[]> {
  const files: RepositoryFile[] = [];
  let address: string | null = apiPath(repository, `/tree/${commit}?recursive=true`);
  for (let page = 0; address !== null; page++) {
    const { value, headers }: { value: z.output<typeof entrySchema>[]; headers: Headers } = await getJson(hub, address, z.array(entrySchema), { repository, signal });
    files.push(...value.flatMap(fileOf));
    address = nextPage(hub, headers.get('link'));
    if (files.length > MOST_FILES || (address !== null && page === MOST_PAGES)) {
      throw new Problem(`${repository.id} has more files than Retort looks through (${MOST_FILES}).`, { hint: 'Download the files that are needed with the hub\'s own tools.' });
    }
  }
  return files;
}

function fileOf({ type, path, size: bytes, oid, lfs }: z.output<typeof entrySchema>): RepositoryFile[] {
  if (type !== 'file') return [];
  if (lfs) return [{ path, bytes: lfs.size, digest: { kind: 'sha256', hex: lfs.oid } }];
  return bytes !== undefined && oid !== undefined && /^[0-9a-f]{40}$/.test(oid) ? [{ path, bytes, digest: { kind: 'git', hex: oid } }] : [];
}

/** The next page of a list, which a hub names in the header `Link`; it lies on the hub itself. */
function nextPage(hub: Hub, link: string | null): string | null {
  const next = /<([^>]*)>\s*;\s*rel="next"/.exec(link ?? '')?.[1];
  if (next === undefined) return null;
  const url = URL.canParse(next, hub.url) ? new URL(next, hub.url) : null;
  if (url?.origin !== new URL(hub.url).origin) throw new Problem(`${hubName(hub)} names a next page that is not its own.`, { kind: 'failure' });
  return url.href;
}
