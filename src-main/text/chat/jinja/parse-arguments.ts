import type { CallArguments, Expression } from './nodes.ts';
import type { TokenStream } from './token-stream.ts';

export const NO_ARGUMENTS: CallArguments = { args: [], kwargs: [], spread: null, spreadNames: null };

/** What reads an argument: the grammar of expressions. */
interface ArgumentParser { readonly stream: TokenStream; expression(): Expression }

export function parseArguments(parser: ArgumentParser): CallArguments {
  const { stream } = parser;
  stream.expect('(');
  const args: Expression[] = [];
  const kwargs: (readonly [string, Expression])[] = [];
  let spread: Expression | null = null;
  let spreadNames: Expression | null = null;
  const ensure = (holds: boolean): void => { if (!holds) stream.fail('invalid syntax for function call expression'); };
  for (let needsComma = false; !stream.is(')'); needsComma = true) {
    if (needsComma) stream.expect(',');
    if (needsComma && stream.is(')')) break;
    if (stream.skipIf('*')) {
      ensure(spread === null && spreadNames === null);
      spread = parser.expression();
    } else if (stream.skipIf('**')) {
      ensure(spreadNames === null);
      spreadNames = parser.expression();
    } else if (stream.is('name') && stream.look().type === '=') {
      ensure(spreadNames === null);
      const name = stream.next().value;
      stream.next();
      kwargs.push([name, parser.expression()]);
    } else {
      ensure(spread === null && spreadNames === null && kwargs.length === 0);
      args.push(parser.expression());
    }
  }
  stream.expect(')');
  return { args, kwargs, spread, spreadNames };
}
