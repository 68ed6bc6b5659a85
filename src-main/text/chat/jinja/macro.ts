import { compileExpression, type Evaluate } from './compile-expression.ts';
import { raise } from './fault.ts';
import { Output, type Frame } from './frame.ts';
import type { Signature } from './nodes.ts';
import { dictOf } from './text.ts';
import { Callable, Tuple, Undefined, type Arguments, type Value } from './values.ts';

/** Makes a macro, or the body of a call block, of the frame that it stands in. */
export function compileMacro(name: string | null, { parameters, specials }: Signature, body: (frame: Frame) => unknown): (frame: Frame) => Callable {
  const all = parameters.map((parameter) => ({ name: parameter.name, otherwise: parameter.otherwise && compileExpression(parameter.otherwise, { isSoft: false }) }));
  return (outer) => new Callable(name ?? 'None', (given, budget) => {
    budget.enter();
    const output = new Output(budget);
    const frame = outer.inner(output);
    bindParameters(name, all, specials, given, frame);
    body(frame);
    budget.leave();
    return output.text();
  });
}

function bindParameters(macro: string | null, parameters: readonly { name: string; otherwise: Evaluate | null }[], specials: ReadonlySet<string>, { args, kwargs }: Arguments, frame: Frame): void {
  const named = new Map(kwargs);
  const values = parameters.map(({ name }, place): Value | undefined => {
    if (place < args.length) return args[place];
    const value = named.get(name);
    named.delete(name);
    return value;
  });
  const own = macro === null ? 'None' : `'${macro}'`;
  if (specials.has('caller') && !parameters.some(({ name }) => name === 'caller')) {
    const caller = named.get('caller');
    frame.set('caller', caller === undefined || caller === null ? new Undefined('No caller defined') : caller);
    named.delete('caller');
  }
  if (specials.has('kwargs')) frame.set('kwargs', dictOf(named));
  else if (named.size > 0) raise(named.has('caller') ? `macro ${own} was invoked with two values for the special caller argument` : `macro ${own} takes no keyword argument '${[...named.keys()][0]}'`);
  if (specials.has('varargs')) frame.set('varargs', new Tuple(args.slice(parameters.length)));
  else if (args.length > parameters.length) raise(`macro ${own} takes not more than ${parameters.length} argument(s)`);
  // A default sees the parameters before it, and none of the later ones.
  for (const [place, { name }] of parameters.entries()) {
    const value = values[place];
    frame.set(name, value === undefined ? new Undefined(`parameter '${name}' was not provided`) : value);
  }
  for (const [place, { name, otherwise }] of parameters.entries()) {
    if (values[place] === undefined && otherwise !== null) frame.set(name, otherwise(frame));
  }
}
