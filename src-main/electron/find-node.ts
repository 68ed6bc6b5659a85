import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { Problem } from '../contract/problem.ts';

/** The oldest Node that computes, as package.json asks for it. */
export const OLDEST = { major: 20, minor: 19 };

/** Where Node usually lies. An application that is not started from a terminal may have hardly any PATH. */
const USUAL = process.platform === 'win32'
  ? [join(process.env['ProgramFiles'] ?? 'C:\\Program Files', 'nodejs')]
  : ['/usr/local/bin', '/opt/homebrew/bin', '/usr/bin', join(homedir(), '.volta', 'bin'), join(homedir(), '.local', 'bin')];

/**
 * The plain Node that computes: the first of this machine that is new enough and of the architecture the natives are
 * for. @throws Problem that says what was found instead
 */
export function findNode(path = process.env['PATH'] ?? '', usual: readonly string[] = USUAL): string {
  const name = process.platform === 'win32' ? 'node.exe' : 'node';
  const folders = [...new Set([...path.split(delimiter).filter(Boolean), ...usual])];
  let unfit = '';
  for (const file of folders.map((folder) => join(folder, name)).filter((candidate) => existsSync(candidate))) {
    const why = whyUnfit(file);
    if (why === null) return file;
    unfit ||= `${file} ${why}`;
  }
  throw new Problem(`Plain Node was chosen to compute, and ${unfit === '' ? 'none is installed' : unfit}.`, {
    kind: 'failure',
    hint: `Install Node ${OLDEST.major}.${OLDEST.minor} or newer for ${process.arch} from nodejs.org, or choose the process of Electron in the settings.`,
  });
}

/** What keeps a Node from computing, or null. */
function whyUnfit(file: string): string | null {
  try {
    const said = execFileSync(file, ['-p', '`${process.versions.node} ${process.arch}`'], { encoding: 'utf8', timeout: 10_000, stdio: ['ignore', 'pipe', 'ignore'] });
    const [version = '', arch = ''] = said.trim().split(' ');
    const [major = 0, minor = 0] = version.split('.').map(Number);
    if (!(major > OLDEST.major || major === OLDEST.major && minor >= OLDEST.minor)) return `is version ${version}, too old`;
    return arch === process.arch ? null : `is for ${arch}`;
  } catch {
    return 'does not start';
  }
}
