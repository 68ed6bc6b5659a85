import { applyFilter } from './filters.ts';
import { applyTest, hasTest } from './tests.ts';
import { calculate, negate, type Operator } from './arithmetic.ts';
import { getAttribute, getItem } from './attributes.ts';
import { contains } from './contains.ts';
import { TemplateFault, raise } from './fault.ts';
import type { Frame } from './frame.ts';
import { toList } from './iterate.ts';
import { FILTER_NAMES } from './names.ts';
import type { CallArguments, Expression } from './nodes.ts';
import { cut } from './slices.ts';
import { str } from './text.ts';
import { compare, isEqual, isTrue } from './truth.ts';
import { isNumber } from './numbers.ts';
import { Callable, Dict, Loop, Markup, textOf, Tuple, typeName, Undefined, type Arguments, type Value } from './values.ts';

export type Evaluate = (frame: Frame) => Value;

/** `isSoft`: inside an `if`, where Jinja misses an unknown filter or test only when it comes to it. */
export interface Place { readonly isSoft: boolean }

export function compileExpression(node: Expression, place: Place): Evaluate {
  const make = (inner: Expression): Evaluate => compileExpression(inner, place);
  switch (node.type) {
    case 'constant': return () => node.value;
    case 'name': return (frame) => frame.get(node.name);
    case 'list': case 'tuple': {
      const items = node.items.map(make);
      const isTuple = node.type === 'tuple';
      return (frame) => {
        frame.run.budget.elements(items.length);
        const values = items.map((item) => item(frame));
        return isTuple ? new Tuple(values) : values;
      };
    }
    case 'dict': {
      const items = node.items.map(([key, value]) => [make(key), make(value)] as const);
      return (frame) => {
        frame.run.budget.elements(items.length);
        const dict = new Dict();
        for (const [key, value] of items) dict.set(key(frame), value(frame));
        return dict;
      };
    }
    case 'concat': return concat(node.items.map(make));
    case 'condition': {
      const soft = (inner: Expression): Evaluate => compileExpression(inner, { isSoft: true });
      const [test, yes, no] = [soft(node.test), soft(node.yes), node.no && soft(node.no)];
      return (frame) => isTrue(test(frame)) ? yes(frame) : no === null ? new Undefined("the inline if-expression evaluated to false and no else section was defined.") : no(frame);
    }
    case 'and': case 'or': {
      const [left, right, goesOn] = [make(node.left), make(node.right), node.type === 'and'];
      return (frame) => {
        const value = left(frame);
        return isTrue(value) === goesOn ? right(frame) : value;
      };
    }
    case 'binary': {
      const [left, right, operator] = [make(node.left), make(node.right), node.operator as Operator];
      return (frame) => {
        frame.run.budget.step();
        return calculate(operator, left(frame), right(frame), frame.run.budget);
      };
    }
    case 'unary': return unary(node.operator, make(node.value));
    case 'compare': return comparison(make(node.first), node.rest.map(([operator, value]) => [operator, make(value)] as const));
    case 'attribute': {
      const value = make(node.value);
      return (frame) => {
        frame.run.budget.step();
        return getAttribute(value(frame), node.name, frame.run.budget);
      };
    }
    case 'item': return item(node, make);
    case 'slice': return () => raise('a slice stands only in brackets');
    case 'call': return call(make(node.value), compileArguments(node.given, make));
    case 'filter': {
      if (!place.isSoft && !FILTER_NAMES.has(node.name)) throw new TemplateFault('syntax', `No filter named '${node.name}'.`);
      const [value, given] = [make(node.value!), compileArguments(node.given, make)];
      return (frame) => applyFilter(node.name, value(frame), given(frame), frame.run.budget);
    }
    case 'test': {
      if (!place.isSoft && !hasTest(node.name)) throw new TemplateFault('syntax', `No test named '${node.name}'.`);
      const [value, given] = [make(node.value), compileArguments(node.given, make)];
      return (frame) => applyTest(node.name, value(frame), given(frame), frame.run.budget);
    }
  }
}

function concat(items: readonly Evaluate[]): Evaluate {
  return (frame) => {
    let text = '';
    for (const item of items) {
      text += str(item(frame), frame.run.budget);
      frame.run.budget.joined(text.length);
    }
    frame.run.budget.step();
    return text;
  };
}

function unary(operator: string, value: Evaluate): Evaluate {
  if (operator === 'not') return (frame) => !isTrue(value(frame));
  if (operator === '-') return (frame) => negate(value(frame));
  return (frame) => {
    const number = value(frame);
    if (number instanceof Undefined) return number.fail();
    return isNumber(number) ? typeof number === 'boolean' ? Number(number) : number : raise(`bad operand type for unary +: '${typeName(number)}'`);
  };
}

/** As Python's chain: each against the next, up to the first that does not hold. */
function comparison(first: Evaluate, rest: readonly (readonly [string, Evaluate])[]): Evaluate {
  return (frame) => {
    const { budget } = frame.run;
    let left = first(frame);
    for (const [operator, value] of rest) {
      const right = value(frame);
      if (!holds(operator, left, right, budget)) return false;
      left = right;
    }
    return true;
  };
}

function holds(operator: string, left: Value, right: Value, budget: Frame['run']['budget']): boolean {
  budget.step();
  switch (operator) {
    case '==': return isEqual(left, right, budget);
    case '!=': return !isEqual(left, right, budget);
    case 'in': return contains(right, left, budget);
    case 'not in': return !contains(right, left, budget);
    case '<': return compare(left, right, operator, budget) < 0;
    case '<=': return compare(left, right, operator, budget) <= 0;
    case '>': return compare(left, right, operator, budget) > 0;
    default: return compare(left, right, operator, budget) >= 0;
  }
}

function item(node: Expression & { type: 'item' }, make: (inner: Expression) => Evaluate): Evaluate {
  const value = make(node.value);
  const { key } = node;
  if (key.type !== 'slice') {
    const find = make(key);
    return (frame) => {
      frame.run.budget.step();
      return getItem(value(frame), find(frame), frame.run.budget);
    };
  }
  const [start, stop, step] = [key.start, key.stop, key.step].map((part) => part && make(part));
  return (frame) => {
    frame.run.budget.step();
    const whole = value(frame);
    const part = { start: start?.(frame) ?? null, stop: stop?.(frame) ?? null, step: step?.(frame) ?? null };
    if (whole instanceof Markup) return raise('a slice of a text marked as safe');
    const found = cut(whole, part, frame.run.budget);
    if (found !== undefined) return found;
    // Jinja works out what is written in the template itself, and asks Python for the rest.
    return isWritten(node.value) ? new Undefined(`'${typeName(whole)} object' has no such element`) : raise(whole instanceof Dict ? "unhashable type: 'slice'" : `'${typeName(whole)}' object is not subscriptable`);
  };
}

function isWritten(value: Expression): boolean {
  switch (value.type) {
    case 'constant': return true;
    case 'list': case 'tuple': return value.items.every(isWritten);
    case 'dict': return value.items.every(([key, one]) => isWritten(key) && isWritten(one));
    default: return false;
  }
}

function call(value: Evaluate, given: (frame: Frame) => Arguments): Evaluate {
  return (frame) => {
    const callee = value(frame);
    return invoke(callee, given(frame), frame);
  };
}

export function invoke(callee: Value, given: Arguments, frame: Frame): Value {
  const { budget } = frame.run;
  budget.step();
  if (callee instanceof Undefined) return callee.fail();
  if (callee instanceof Callable) return callee.call(given, budget);
  return callee instanceof Loop ? callee.state.call(given, budget) : raise(`'${typeName(callee)}' object is not callable`);
}

export function compileArguments(given: CallArguments, make: (inner: Expression) => Evaluate): (frame: Frame) => Arguments {
  const args = given.args.map(make);
  const kwargs = given.kwargs.map(([name, value]) => [name, make(value)] as const);
  const [spread, spreadNames] = [given.spread && make(given.spread), given.spreadNames && make(given.spreadNames)];
  return (frame) => {
    const values = args.map((arg) => arg(frame));
    if (spread !== null) values.push(...toList(spread(frame), frame.run.budget).slice(0, 10_000));
    const names = new Map(kwargs.map(([name, value]) => [name, value(frame)]));
    if (spreadNames !== null) {
      const more = spreadNames(frame);
      if (!(more instanceof Dict)) return raise('argument after ** must be a mapping');
      for (const { items: [name, one] } of more.items()) names.set(textOf(name!) ?? raise('keywords must be strings'), one!);
    }
    return { args: values, kwargs: names };
  };
}

