import { Problem } from '../contract/problem.ts';

/** What no part of a path may be on Windows, whatever follows a dot. */
const RESERVED = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i;
// eslint-disable-next-line no-control-regex -- these are what is refused
const REFUSED = /[\u0000-\u001f\u007f<>:"|?*\\]/;
const LONGEST = 240;

/**
 * Whether a name from a server can become a file below a folder, on every system that Retort runs on, and nothing else.
 * Hidden files are none that Retort downloads.
 */
function isSafePath(path: string): boolean {
  return path.length <= LONGEST && !REFUSED.test(path)
    && path.split('/').every((part) => part !== '' && !part.startsWith('.') && !/[. ]$/.test(part) && !RESERVED.test(part));
}

/** @throws Problem where a path is not safe, or two of them would be one file on some systems */
export function refuseUnsafe(id: string, paths: readonly string[]): void {
  const unsafe = paths.find((path) => !isSafePath(path));
  if (unsafe !== undefined) throw new Problem(`${id} names a file ${JSON.stringify(unsafe)}, which is not written anywhere.`, { hint: 'A published model or data set has no such name; do not use this one.' });
  const seen = new Map<string, string>();
  for (const path of paths) {
    const twin = seen.get(path.toLowerCase());
    if (twin !== undefined) throw new Problem(`${id} has files ${twin} and ${path}, which are one file on some systems.`, { hint: 'Choose one of them.' });
    seen.set(path.toLowerCase(), path);
  }
}
