import { raise } from './fault.ts';
import type { Arguments, Value } from './values.ts';

/** A parameter that must be given, or one with what stands in for it. */
export type Parameter = string | readonly [name: string, otherwise: Value];

/** The arguments of a call in the order of the parameters, as Python binds them. */
export function bind(name: string, { args, kwargs }: Arguments, parameters: readonly Parameter[]): Value[] {
  if (args.length > parameters.length) raise(`${name}() takes ${parameters.length} arguments but ${args.length} were given`);
  const names = parameters.map((parameter) => typeof parameter === 'string' ? parameter : parameter[0]);
  for (const key of kwargs.keys()) {
    const place = names.indexOf(key);
    if (place < 0) raise(`${name}() got an unexpected keyword argument '${key}'`);
    if (place < args.length) raise(`${name}() got multiple values for argument '${key}'`);
  }
  return parameters.map((parameter, place) => {
    const value = args[place] === undefined ? kwargs.get(names[place]!) : args[place];
    if (value !== undefined) return value;
    return typeof parameter === 'string' ? raise(`${name}() missing the argument '${parameter}'`) : parameter[1];
  });
}
