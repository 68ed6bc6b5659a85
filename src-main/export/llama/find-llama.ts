import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { LLAMA_PACKAGE, llamaCommand } from './llama-package.ts';

/** What is used of node-llama-cpp, an optional package that brings llama.cpp. */
export interface LlamaLibrary {
  getLlama(options: Readonly<Record<string, unknown>>): Promise<Llama>;
  /** Lets another model draft what a sequence is to say. */
  readonly DraftSequenceTokenPredictor: new (drafting: LlamaSequence, options: Readonly<Record<string, number>>) => object;
}

export interface Llama {
  readonly llamaCppRelease: { readonly release: string };
  loadModel(options: Readonly<Record<string, unknown>>): Promise<LlamaModel>;
  dispose(): Promise<void>;
}

export interface LlamaModel {
  tokenize(text: string, special: boolean): number[];
  isEogToken(token: number): boolean;
  createContext(options: Readonly<Record<string, unknown>>): Promise<LlamaContext>;
  dispose(): Promise<void>;
}

export interface LlamaContext { getSequence(options?: Readonly<Record<string, unknown>>): LlamaSequence; dispose(): Promise<void> }

export interface LlamaSequence {
  evaluate(tokens: readonly number[], options: Readonly<Record<string, unknown>>): AsyncIterable<number>;
  controlledEvaluate(input: readonly (number | readonly [number, object])[]): Promise<readonly (Judged | undefined)[]>;
  clearHistory(): Promise<void>;
  /** Of a sequence with a draft model: drafted tokens that were as the model itself has them, and that were not. */
  readonly tokenPredictions?: { readonly validated: number; readonly refuted: number };
}

/** What llama.cpp says of the token to come. */
export interface Judged { readonly next: { readonly token?: number; readonly logits?: ReadonlyMap<number, number>; /** The sum of e^(logit - largest). */ readonly totalLogitWeight?: number } }

/** An engine for chat templates that llama.cpp's windows share (LM Studio's and transformers.js's). */
export interface JinjaLibrary { Template: new (source: string) => { render(values: object): string } }

export interface FoundLlama { readonly library: LlamaLibrary; readonly version: string; readonly jinja: { library: JinjaLibrary; version: string } | null }

/** The package, where it is installed beside Retort or in `peers`; null where it is not. */
export async function findLlama(peers: string | null): Promise<FoundLlama | null> {
  const entry = entryOf(peers);
  if (entry === null) return null;
  const library = await import(pathToFileURL(entry).href) as LlamaLibrary;
  return { library, version: versionOf(entry, LLAMA_PACKAGE), jinja: await findJinja(entry) };
}

/** Its version, without loading any of it; null where it is not installed. */
export function llamaVersion(peers: string): string | null {
  const entry = entryOf(peers);
  return entry === null ? null : versionOf(entry, LLAMA_PACKAGE);
}

function entryOf(peers: string | null): string | null {
  for (const from of [import.meta.url, ...(peers === null ? [] : [join(peers, 'package.json')])]) {
    const entry = resolved(from, LLAMA_PACKAGE);
    if (entry !== null) return entry;
  }
  return null;
}

/** How to get it. @param peers  a folder in which it is looked for */
export const howToGet = (peers: string | null): string => `Install it with: ${peers === null ? `npm install ${LLAMA_PACKAGE}` : llamaCommand(peers)}`;

async function findJinja(entry: string): Promise<FoundLlama['jinja']> {
  const place = resolved(entry, '@huggingface/jinja');
  return place === null ? null : { library: await import(pathToFileURL(place).href) as JinjaLibrary, version: versionOf(place, '@huggingface/jinja') };
}

function resolved(from: string, name: string): string | null {
  try {
    return createRequire(from).resolve(name);
  } catch {
    return null;
  }
}

/** Of the package that a file belongs to. */
function versionOf(file: string, name: string): string {
  for (let folder = dirname(file); folder !== dirname(folder); folder = dirname(folder)) {
    const path = join(folder, 'package.json');
    const about = existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) as { name?: string; version?: string } : {};
    if (about.name === name) return about.version ?? '';
  }
  return '';
}
