import { InvalidArgumentError, type Command } from 'commander';
import { DEVICES, type Device } from '../contract/divergence.ts';
import type { DecodeSettings } from '../contract/recipe.ts';

/** How text is written, as several commands take it. */
export interface DecodeOptions {
  decode: DecodeSettings['strategy'];
  temperature: number;
  seed: number;
  maxNewTokens: number;
  device: Device;
}

export function addDecodeOptions(command: Command): Command {
  return command
    .option('--decode <strategy>', 'greedy or sample', oneOf('greedy', 'sample'), 'greedy')
    .option('--temperature <number>', 'sampling temperature', positive, 1)
    .option('--seed <number>', 'start of the random numbers', whole, 0)
    .option('--max-new-tokens <number>', 'longest answer', count, 128)
    .option('--device <device>', DEVICES.join(', '), oneOf(...DEVICES), 'cpu');
}

export function decodeSettings({ decode, temperature }: DecodeOptions): DecodeSettings {
  return { strategy: decode, temperature };
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

export function positive(text: string): number {
  const number = Number(text);
  if (!(number > 0)) throw new InvalidArgumentError('A number above 0 is expected.');
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
