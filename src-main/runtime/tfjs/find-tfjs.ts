import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import util from 'node:util';
import { Problem } from '../../contract/problem.ts';
import type { Tf } from './library.ts';

/** In the order in which they are taken: a card first. */
const PACKAGES = ['@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-node'] as const;

let loaded: Tf | undefined;

/** Where packages are that a person adds, beside Retort's own. */
const peersFolder = (): string | undefined => process.env['RETORT_PEERS'];

/**
 * TensorFlow.js for Node, where a person has installed it.
 * @param threads  of a processor, 0 for as many as there are; it is asked once
 * @throws Problem where it is not there or does not load
 */
export function requireTfjs(threads: number): Tf {
  if (loaded) return loaded;
  // It calls what Node has left out since version 23.
  Object.assign(util, { isNullOrUndefined: (x: unknown) => x === null || x === undefined, isArray: Array.isArray });
  // What it says of its build at every start is for its makers.
  process.env['TF_CPP_MIN_LOG_LEVEL'] ??= '2';
  if (threads > 0) process.env['TF_NUM_INTRAOP_THREADS'] ??= String(threads);
  const place = foundAt();
  if (place === null) throw new Problem('The device "tfjs" needs TensorFlow.js for Node, which is not installed.', { hint: howToGet() });
  try {
    return loaded = createRequire(import.meta.url)(place) as Tf;
  } catch (cause) {
    const [line] = String(cause instanceof Error ? cause.message : cause).split('\n');
    throw new Problem(`TensorFlow.js at ${place} cannot be loaded: ${line}`, { hint: `Its install script fetches TensorFlow's library, which may have failed. ${howToGet()}`, cause });
  }
}

function howToGet(): string {
  const folder = peersFolder();
  return `Install it with: npm install ${folder === undefined ? '' : `--prefix ${JSON.stringify(folder)} `}${PACKAGES[0]} (with an NVIDIA card and CUDA 11) or ${PACKAGES[1]}. The device "cpu" needs nothing more and is faster than it on a processor.`;
}

/** The first that is whole; one whose install has failed where there is no other. */
function foundAt(): string | null {
  const folder = peersFolder();
  const roots = [...(folder === undefined ? [] : [join(folder, 'package.json')]), import.meta.url];
  const found = roots.flatMap((from) => PACKAGES.flatMap((name) => {
    try {
      const { resolve } = createRequire(from);
      // Its library is in there, which its install has made.
      return [{ place: resolve(name), isWhole: existsSync(join(dirname(resolve(`${name}/package.json`)), 'lib')) }];
    } catch {
      return [];
    }
  }));
  return (found.find(({ isWhole }) => isWhole) ?? found[0])?.place ?? null;
}
