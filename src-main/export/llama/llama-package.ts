import { peerDependencies } from '../../../package.json' with { type: 'json' };

/** The npm package that brings llama.cpp, and the version that Retort was tried with. */
export const LLAMA_PACKAGE = 'node-llama-cpp';
const VERSION = peerDependencies[LLAMA_PACKAGE].replace('^', '');

/** Its library for the processor of a platform lies in a package of its own; null where there is none. */
export function llamaLibraryFor(platform: NodeJS.Platform, arch: string): string | null {
  const names: Readonly<Record<string, string>> = {
    'linux x64': 'linux-x64', 'linux arm64': 'linux-arm64', 'linux arm': 'linux-armv7l', 'darwin arm64': 'mac-arm64-metal', 'darwin x64': 'mac-x64', 'win32 x64': 'win-x64', 'win32 arm64': 'win-arm64',
  };
  const name = names[`${platform} ${arch}`];
  return name === undefined ? null : `@${LLAMA_PACKAGE}/${name}`;
}

/** What npm is asked for: the two packages alone, none of their scripts, and none of the libraries for other platforms and for graphics cards. */
export function llamaInstall(folder: string, platform: NodeJS.Platform = process.platform, arch: string = process.arch): string[] {
  const library = llamaLibraryFor(platform, arch);
  return ['install', '--prefix', folder, '--ignore-scripts', '--omit=optional', '--no-audit', '--no-fund', `${LLAMA_PACKAGE}@${VERSION}`, ...(library === null ? [] : [`${library}@${VERSION}`])];
}

/** The same as a command. */
export const llamaCommand = (folder: string): string => ['npm', ...llamaInstall(folder).map((word) => (word === folder ? JSON.stringify(folder) : word))].join(' ');
