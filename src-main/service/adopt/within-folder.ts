import { realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { Problem } from '../../contract/problem.ts';

/** Where a training's words lead: another machine has written them, and a link may lead anywhere. */
export interface Within { path: string; bytes: number }

/**
 * The place that a run folder's own file or folder has in truth; null where nothing is there.
 * @param place  relative to the run folder. @throws Problem where a link leads out of the folder, or it is of another kind
 */
export async function withinFolder(runDir: string, place: string, kind: 'file' | 'folder'): Promise<Within | null> {
  const path = join(runDir, place);
  const [root, real] = await Promise.all([runDir, path].map((to) => realpath(to).catch(() => null)));
  if (!root || !real) return null;
  if (!real.startsWith(root + sep)) throw new Problem(`${path} is a link that leads out of the run folder, and is not followed.`, { hint: 'Put what it leads to in its place.' });
  const found = await stat(real);
  if (kind === 'file' ? !found.isFile() : !found.isDirectory()) throw new Problem(`${path} is no ${kind}.`, { hint: 'It is not what retort handover\'s scripts write.' });
  return { path, bytes: found.size };
}
