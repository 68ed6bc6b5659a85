import { InvalidArgumentError, type Command } from 'commander';
import { DEVICES, type Device } from '../contract/divergence.ts';
import { templateVariablesSchema, type TemplateVariables } from '../contract/chat-turn.ts';
import { Problem } from '../contract/problem.ts';
import { decodeSchema, type DecodeSettings } from '../contract/recipe.ts';

/** How text is written, as several commands take it. */
export interface DecodeOptions {
  decode: DecodeSettings['strategy'];
  temperature?: number;
  topK?: number;
  topP?: number;
  minP?: number;
  repetitionPenalty?: number;
  beams?: number;
  lengthPenalty?: number;
  earlyStopping?: DecodeSettings['earlyStopping'];
  seed: number;
  maxNewTokens: number;
  device: Device;
}

export function addDecodeOptions(command: Command): Command {
  return command
    .option('--decode <strategy>', 'greedy, sample or beam', oneOf('greedy', 'sample', 'beam'), 'greedy')
    .option('--temperature <number>', 'sample: divides the logits', positive)
    .option('--top-k <number>', 'sample: only from the k likeliest tokens', count)
    .option('--top-p <share>', 'sample: only from the likeliest tokens with this probability together', positive)
    .option('--min-p <share>', 'sample: only from tokens this many times as likely as the likeliest', positive)
    .option('--repetition-penalty <number>', 'above 1: tokens that are there already become less likely', positive)
    .option('--beams <number>', 'beam: texts kept going for each prompt', count)
    .option('--length-penalty <number>', 'beam: above 0 favours long texts', real)
    .option('--early-stopping <when>', 'beam: first, likely or never', oneOf('first', 'likely', 'never'))
    .option('--seed <number>', 'start of the random numbers', whole, 0)
    .option('--max-new-tokens <number>', 'longest answer', count, 128)
    .option('--device <device>', DEVICES.join(', '), oneOf(...DEVICES), 'cpu');
}

/** @throws Problem where the settings do not go together. */
export function decodeSettings(options: DecodeOptions): DecodeSettings {
  const { decode: strategy, temperature, topK, topP, minP, repetitionPenalty, beams, lengthPenalty, earlyStopping } = options;
  const parsed = decodeSchema.safeParse({ strategy, temperature, topK, topP, minP, repetitionPenalty, beams, lengthPenalty, earlyStopping });
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new Problem(`--${String(issue!.path[0]).replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)} ${issue!.message}.`, {
    hint: 'See --help for what belongs to each strategy.',
  });
}

/** What a chat template is given besides the messages. */
export interface TemplateOptions { template?: TemplateVariables }

/** `--template enable_thinking=false`, several times, or all values as one JSON object. */
export function addTemplateOption(command: Command): Command {
  return command.option('--template <name=value>', 'value for the chat template\'s own switches, such as enable_thinking=false, or {"enable_thinking": false}; may be given several times', templateVariable);
}

function templateVariable(text: string, before: TemplateVariables = {}): TemplateVariables {
  if (text.trimStart().startsWith('{')) {
    const parsed = templateVariablesSchema.safeParse(jsonOr(text, null));
    if (!parsed.success) throw new InvalidArgumentError('Expected a JSON object such as {"enable_thinking": false}.');
    return { ...before, ...parsed.data };
  }
  const [, name, value] = /^([A-Za-z_]\w*)=(.*)$/s.exec(text) ?? [];
  if (name === undefined) throw new InvalidArgumentError('Expected name=value, such as enable_thinking=false.');
  return { ...before, [name]: jsonOr(value!, value!) };
}

/** A value as JSON, or as the text that it is otherwise: false is no text, low is one. */
function jsonOr(text: string, otherwise: unknown): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return otherwise;
  }
}

export function count(text: string): number {
  const number = whole(text);
  if (number < 1) throw new InvalidArgumentError('A number from 1 is expected.');
  return number;
}

export function whole(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('A whole number is expected.');
  return Number(text);
}

/** A step of a run, or its best one. */
export const stepOrBest = (text: string): number | 'best' => (text === 'best' ? text : whole(text));

export function positive(text: string): number {
  const number = Number(text);
  if (!(number > 0)) throw new InvalidArgumentError('A number above 0 is expected.');
  return number;
}

function real(text: string): number {
  const number = Number(text);
  if (text.trim() === '' || !Number.isFinite(number)) throw new InvalidArgumentError('A number is expected.');
  return number;
}

export function list(text: string): string[] {
  const items = text.split(',').map((item) => item.trim()).filter((item) => item !== '');
  if (items.length === 0) throw new InvalidArgumentError('At least one is expected.');
  return items;
}

export const wholes = (text: string): number[] => list(text).map(whole);

export function oneOf<Choice extends string>(...choices: Choice[]): (text: string) => Choice {
  return (text) => {
    const choice = choices.find((candidate) => candidate === text);
    if (choice === undefined) throw new InvalidArgumentError(`Choose one of ${choices.join(', ')}.`);
    return choice;
  };
}
