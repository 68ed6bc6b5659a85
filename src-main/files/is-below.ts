import { sep } from 'node:path';

/** Whether a path is that folder or lies in it. Both are absolute. */
export function isBelow(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}
