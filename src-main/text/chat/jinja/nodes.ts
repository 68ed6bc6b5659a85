import type { Value } from './values.ts';

export interface CallArguments {
  readonly args: readonly Expression[];
  readonly kwargs: readonly (readonly [name: string, value: Expression])[];
  readonly spread: Expression | null;
  readonly spreadNames: Expression | null;
}

export type Expression =
  | { type: 'constant'; value: Value }
  | { type: 'name'; name: string }
  | { type: 'list' | 'tuple' | 'concat'; items: readonly Expression[] }
  | { type: 'dict'; items: readonly (readonly [Expression, Expression])[] }
  | { type: 'condition'; test: Expression; yes: Expression; no: Expression | null }
  | { type: 'and' | 'or' | 'binary'; operator: string; left: Expression; right: Expression }
  | { type: 'unary'; operator: string; value: Expression }
  | { type: 'compare'; first: Expression; rest: readonly (readonly [operator: string, value: Expression])[] }
  | { type: 'attribute'; value: Expression; name: string }
  | { type: 'item'; value: Expression; key: Expression }
  | { type: 'slice'; start: Expression | null; stop: Expression | null; step: Expression | null }
  | { type: 'call'; value: Expression; given: CallArguments }
  /** `value` is null in a filter block or at a set block, where the block's text stands for it. */
  | { type: 'filter'; value: Expression | null; name: string; given: CallArguments }
  | { type: 'test'; value: Expression; name: string; given: CallArguments };

export type Target =
  | { type: 'name'; name: string }
  | { type: 'member'; name: string; attribute: string }
  | { type: 'targets'; items: readonly Target[] };

export interface Signature { readonly parameters: readonly { name: string; otherwise: Expression | null }[]; readonly specials: ReadonlySet<string> }

export type Statement =
  | { type: 'text'; text: string }
  | { type: 'print'; value: Expression }
  | { type: 'set'; target: Target; value: Expression }
  | { type: 'setBlock'; target: Target; filter: Expression | null; body: Statement[] }
  | { type: 'if'; branches: readonly { test: Expression | null; body: Statement[] }[] }
  | { type: 'for'; target: Target; over: Expression; test: Expression | null; isRecursive: boolean; body: Statement[]; otherwise: Statement[] }
  | { type: 'break' | 'continue' }
  | { type: 'macro'; name: string; signature: Signature; body: Statement[] }
  | { type: 'call'; signature: Signature; call: Expression & { type: 'call' }; body: Statement[] }
  | { type: 'filterBlock'; filter: Expression; body: Statement[] }
  | { type: 'with'; values: readonly (readonly [Target, Expression])[]; body: Statement[] }
  | { type: 'generation'; body: Statement[] };
