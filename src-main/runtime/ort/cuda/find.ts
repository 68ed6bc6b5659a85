import { existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { libraryFolder } from '../library-folder.ts';
import { readLinked } from './elf.ts';

/** ONNX Runtime's own part, which it looks for beside itself. */
export const PROVIDER = 'libonnxruntime_providers_cuda.so';
const BRIDGE = 'libonnxruntime_providers_shared.so';
/** What comes with the driver and is never installed with anything else. */
const DRIVER = 'libcuda.so.1';
/** Of NVIDIA's own libraries only these are looked for; the rest is the system's. */
const NVIDIA = /^lib(cu|nv)\w*\.so(\.\d+)*$/;

/** CUDA's libraries as they lie on this machine. */
export interface CudaLibraries {
  /** ONNX Runtime's own two. */
  readonly provider: string;
  readonly bridge: string;
  /** NVIDIA's, in the order in which they can be loaded. */
  readonly nvidia: readonly string[];
  /** Names of those that are nowhere. */
  readonly missing: readonly string[];
  /** The version of CUDA that they are for, such as 13. */
  readonly version: number;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Finds them: in the folder that RETORT_CUDA names, beside ONNX Runtime, in the Python environment that is active, in the system's. Null where ONNX Runtime's own are nowhere. */
export function findCuda(env: Environment = process.env, own = libraryFolder()): CudaLibraries | null {
  if (process.platform !== 'linux') return null;
  const places = foldersOf(env, own);
  const provider = firstWith(PROVIDER, places.provider);
  const bridge = provider && firstWith(BRIDGE, [join(provider, '..'), ...places.provider]);
  if (!provider || !bridge) return null;
  const order: string[] = [];
  const missing = new Set<string>();
  const seen = new Set<string>();
  const follow = (library: string): void => {
    for (const name of readLinked(library)?.needed ?? []) {
      if (name === DRIVER || !NVIDIA.test(name) || seen.has(name)) continue;
      seen.add(name);
      const path = firstWith(name, places.nvidia);
      if (path === null) {
        missing.add(name);
        continue;
      }
      follow(path);
      order.push(path);
    }
  };
  follow(provider);
  const runtime = [...seen].map((name) => /^libcudart\.so\.(\d+)$/.exec(name)?.[1]).find((found) => found !== undefined);
  return { provider, bridge, nvidia: order, missing: [...missing], version: Number(runtime ?? 0) };
}

interface Folders { readonly provider: readonly string[]; readonly nvidia: readonly string[] }

function foldersOf({ RETORT_CUDA: named, VIRTUAL_ENV: python, LD_LIBRARY_PATH: path, CUDA_HOME: toolkit }: Environment, own: string): Folders {
  const packages = [...(named ? [named, ...sitePackages(named)] : []), ...(python ? sitePackages(python) : [])];
  const wheels = packages.flatMap((folder) => [...below(join(folder, 'nvidia')).map((name) => join(folder, 'nvidia', name, 'lib')), join(folder, 'lib'), join(folder, 'lib64')]);
  const ownFolder = named ? [named] : [];
  return {
    provider: [...ownFolder, own, ...packages.map((folder) => join(folder, 'onnxruntime', 'capi'))],
    nvidia: [
      ...ownFolder, own, ...wheels, ...(path ?? '').split(delimiter).filter(Boolean), ...(toolkit ? [join(toolkit, 'lib64')] : []),
      ...below('/usr/local').filter((name) => name.startsWith('cuda')).map((name) => join('/usr/local', name, 'lib64')),
      '/usr/lib/x86_64-linux-gnu', '/usr/lib64', '/usr/lib',
    ],
  };
}

/** Where Python keeps packages in an environment. */
const sitePackages = (environment: string): string[] => below(join(environment, 'lib'))
  .filter((name) => name.startsWith('python')).map((name) => join(environment, 'lib', name, 'site-packages'));

function below(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}

function firstWith(name: string, folders: readonly string[]): string | null {
  const folder = folders.find((candidate) => existsSync(join(candidate, name)));
  return folder === undefined ? null : join(folder, name);
}
