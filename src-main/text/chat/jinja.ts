import { Budget } from './jinja/budget.ts';
import { compileTemplate } from './jinja/compile.ts';
import { TemplateFault } from './jinja/fault.ts';
import { Frame, Output, type Span } from './jinja/frame.ts';
import { toValue } from './jinja/from-json.ts';
import { makeGlobals } from './jinja/globals.ts';
import { parse } from './jinja/parse.ts';

export { TemplateFault } from './jinja/fault.ts';

export interface Rendered {
  text: string;
  /**
   * What stands between `{% generation %}` and `{% endgeneration %}`, as places in the text: what Transformers takes
   * as the assistant's own. Empty where the template marks nothing; null where a mark stands inside a macro or a kept
   * block, whose place in the text is not known (Transformers counts it wrongly there).
   */
  generated: readonly Span[] | null;
}

/** A template that was read once and can be rendered many times. */
export interface CompiledTemplate {
  /**
   * @param variables  plain data: texts, numbers, lists, objects.
   * @param now  for `strftime_now`.
   * @throws TemplateFault where the template refuses its variables, is not done as Python does it, or takes too much.
   */
  render(variables: Readonly<Record<string, unknown>>, now?: Date): Rendered;
}

/**
 * Jinja as Transformers sets it up for chat templates (trim_blocks, lstrip_blocks, loop controls, `{% generation %}`,
 * its own tojson), value for value as Python writes it. What is not done alike is refused by name. Work and memory of
 * a rendering are bounded. @throws TemplateFault
 */
export function compileJinja(source: string): CompiledTemplate {
  const execute = guarded(() => compileTemplate(parse(source)));
  return {
    render: (variables, now = new Date()) => guarded(() => {
      const budget = new Budget();
      const output = new Output(budget);
      const globals = new Map(makeGlobals(now));
      for (const [name, value] of Object.entries(variables)) if (value !== undefined) globals.set(name, toValue(value));
      const run = { budget, globals, output, marks: [] as Span[] | null };
      execute(new Frame(run, output, null));
      return { text: output.text(), generated: run.marks };
    }),
  };
}

/** A template can nest deeper than JavaScript's own stack goes. */
function guarded<T>(work: () => T): T {
  try {
    return work();
  } catch (cause) {
    throw cause instanceof RangeError ? new TemplateFault('bound', `it goes too deep (${cause.message})`) : cause;
  }
}
