import { assign } from './assign.ts';
import { compileArguments, compileExpression, invoke, type Place } from './compile-expression.ts';
import { TemplateFault } from './fault.ts';
import { applyFilter } from './filters.ts';
import { Output, type Frame } from './frame.ts';
import { iterable } from './iterate.ts';
import { LoopContext } from './loop.ts';
import { compileMacro } from './macro.ts';
import type { Expression, Statement } from './nodes.ts';
import { str } from './text.ts';
import { isTrue } from './truth.ts';
import { Lazy, Loop, Undefined, type Value } from './values.ts';

/** What a statement does to the loop around it. */
type Ending = 'break' | 'continue' | null;
type Execute = (frame: Frame) => Ending;

interface Around extends Place { readonly isInLoop: boolean }
const TOP: Around = { isSoft: false, isInLoop: false };

export const compileTemplate = (body: readonly Statement[]): Execute => compileBody(body, TOP);

function compileBody(body: readonly Statement[], around: Around): Execute {
  const statements = body.map((statement) => compileStatement(statement, around));
  return (frame) => {
    for (const statement of statements) {
      frame.run.budget.step();
      const ending = statement(frame);
      if (ending !== null) return ending;
    }
    return null;
  };
}

function compileStatement(node: Statement, around: Around): Execute {
  const evaluate = (value: Expression): ((frame: Frame) => Value) => compileExpression(value, around);
  switch (node.type) {
    case 'text': return (frame) => (frame.output.write(node.text), null);
    case 'print': {
      const value = evaluate(node.value);
      return (frame) => (frame.output.write(str(value(frame), frame.run.budget)), null);
    }
    case 'set': {
      const value = evaluate(node.value);
      return (frame) => (assign(node.target, value(frame), frame), null);
    }
    case 'setBlock': {
      const text = compileKept(node.body, node.filter, around);
      return (frame) => (assign(node.target, text(frame), frame), null);
    }
    case 'filterBlock': {
      const text = compileKept(node.body, node.filter, around);
      return (frame) => (frame.output.write(str(text(frame), frame.run.budget)), null);
    }
    case 'if': return compileIf(node, around);
    case 'for': return compileFor(node, around);
    case 'break': case 'continue':
      if (!around.isInLoop) throw new TemplateFault('syntax', `'${node.type}' outside of a loop`);
      return () => node.type;
    case 'macro': {
      const make = compileMacro(node.name, node.signature, compileBody(node.body, TOP));
      return (frame) => (frame.set(node.name, make(frame)), null);
    }
    case 'call': return compileCall(node, around);
    case 'with': {
      const values = node.values.map(([target, value]) => [target, evaluate(value)] as const);
      const body = compileBody(node.body, { ...around, isSoft: false });
      return (frame) => {
        const inner = frame.inner();
        for (const [target, value] of values) assign(target, value(inner), inner);
        return body(inner);
      };
    }
    case 'generation': {
      const body = compileBody(node.body, TOP);
      return (frame) => (mark(body, frame), null);
    }
  }
}

/** The text that a block writes, through its filters. */
function compileKept(body: readonly Statement[], filter: Expression | null, around: Around): (frame: Frame) => Value {
  const execute = compileBody(body, { isSoft: false, isInLoop: false });
  const chain = filter === null ? null : compileChain(filter, around);
  return (frame) => {
    const output = new Output(frame.run.budget);
    const inner = frame.inner(output);
    execute(inner);
    return chain === null ? output.text() : chain(output.text(), inner);
  };
}

function compileChain(filter: Expression, around: Around): (text: Value, frame: Frame) => Value {
  if (filter.type !== 'filter') throw new TemplateFault('syntax', 'a filter was expected');
  const before = filter.value === null ? null : compileChain(filter.value, around);
  const given = compileArguments(filter.given, (inner) => compileExpression(inner, around));
  return (text, frame) => applyFilter(filter.name, before === null ? text : before(text, frame), given(frame), frame.run.budget);
}

function compileIf(node: Statement & { type: 'if' }, around: Around): Execute {
  const soft = { ...around, isSoft: true };
  const branches = node.branches.map(({ test, body }) => ({ test: test && compileExpression(test, soft), body: compileBody(body, soft) }));
  return (frame) => {
    for (const { test, body } of branches) if (test === null || isTrue(test(frame))) return body(frame);
    return null;
  };
}

function compileFor(node: Statement & { type: 'for' }, around: Around): Execute {
  const over = compileExpression(node.over, around);
  const test = node.test && compileExpression(node.test, TOP);
  const body = compileBody(node.body, { isSoft: false, isInLoop: true });
  const otherwise = compileBody(node.otherwise, { ...around, isSoft: false });

  const go = (value: Value, frame: Frame, depth: number): Ending => {
    const { budget } = frame.run;
    const items = test === null ? value : new Lazy(chosen(value, frame));
    const recurse = node.isRecursive ? (inner: Value, deeper: number): Value => {
      budget.enter();
      const output = new Output(budget);
      go(inner, frame.inner(output), deeper);
      budget.leave();
      return output.text();
    } : null;
    const loop = new LoopContext(items, iterable(items, budget), depth, budget, recurse);
    const variable = new Loop(loop);
    let isEmpty = true;
    for (let item = loop.next(); item !== undefined; item = loop.next()) {
      isEmpty = false;
      const turn = frame.inner();
      turn.set('loop', variable);
      assign(node.target, item, turn);
      if (body(turn) === 'break') break;
    }
    return isEmpty ? otherwise(frame.inner()) : null;
  };

  function* chosen(value: Value, frame: Frame): Generator<Value> {
    for (const item of iterable(value, frame.run.budget)) {
      const turn = frame.inner();
      turn.set('loop', new Undefined("'loop' is undefined. the filter section of a loop has no access to it."));
      assign(node.target, item, turn);
      if (isTrue(test!(turn))) yield item;
    }
  }

  return (frame) => go(over(frame), frame, 0);
}

function compileCall(node: Statement & { type: 'call' }, around: Around): Execute {
  const make = compileMacro(null, node.signature, compileBody(node.body, TOP));
  const callee = compileExpression(node.call.value, around);
  const given = compileArguments(node.call.given, (inner) => compileExpression(inner, around));
  return (frame) => {
    const { args, kwargs } = given(frame);
    const result = invoke(callee(frame), { args, kwargs: new Map([...kwargs, ['caller', make(frame)]]) }, frame);
    frame.output.write(str(result, frame.run.budget));
    return null;
  };
}

/** Transformers counts a mark's place by what the whole template has written so far, and so is right only there. */
function mark(body: Execute, frame: Frame): void {
  const { run } = frame;
  const start = frame.output.length;
  body(frame.inner());
  if (frame.output !== run.output) run.marks = null;
  run.marks?.push({ start, end: frame.output.length });
}

