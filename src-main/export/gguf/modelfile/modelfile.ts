import type { JsonObject } from '../../../files/json-object.ts';
import { goTemplate } from './go-template.ts';
import type { Turns } from './turns.ts';

export interface ModelfileFacts {
  /** The GGUF file beside it. */
  readonly file: string;
  /** Null where the model is not for chats, or its turns cannot be told apart. */
  readonly turns: Turns | null;
  /** The BOS that llama.cpp writes before a text; null for none. */
  readonly bos: string | null;
  /** Texts of the tokens that end an answer. */
  readonly stops: readonly string[];
  /** `generation_config.json`. */
  readonly generation: JsonObject;
  readonly contextLength: number | null;
}

/** Ollama's names of generation settings. */
const PARAMETERS: Readonly<Record<string, string>> = { temperature: 'temperature', top_k: 'top_k', top_p: 'top_p', min_p: 'min_p', repetition_penalty: 'repeat_penalty' };
/** What Ollama takes where a Modelfile is silent. */
const USUAL_CONTEXT = 4096;

/** What `ollama create` reads. */
export function modelfile({ file, turns, bos, stops, generation, contextLength }: ModelfileFacts): string {
  const settings = Object.entries(PARAMETERS).flatMap(([ours, theirs]): [string, number][] => (typeof generation[ours] === 'number' ? [[theirs, generation[ours]]] : []));
  // A model that is meant to be greedy says so by not sampling.
  const greedy: [string, number][] = generation['do_sample'] === true || settings.some(([name]) => name === 'temperature') ? [] : [['temperature', 0]];
  return [
    `FROM ./${file}`,
    `TEMPLATE """${turns ? goTemplate(turns, bos) : '{{ .Prompt }}'}"""`,
    ...stops.map((stop) => `PARAMETER stop ${JSON.stringify(stop)}`),
    ...[...settings, ...greedy].map(([name, value]) => `PARAMETER ${name} ${value}`),
    ...(contextLength !== null && contextLength < USUAL_CONTEXT ? [`PARAMETER num_ctx ${contextLength}`] : []),
  ].join('\n').concat('\n');
}
