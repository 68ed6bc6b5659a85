/**
 * What ends a template early. `syntax`: it is no Jinja; `template`: what Python's Jinja would raise as well;
 * `refused`: Python's Jinja would go on, Retort cannot do it alike; `bound`: it asks for more work or memory than is given.
 */
export class TemplateFault extends Error {
  readonly kind: 'syntax' | 'template' | 'refused' | 'bound';
  constructor(kind: TemplateFault['kind'], message: string, line?: number) {
    super(line === undefined ? message : `${message} (line ${line})`);
    this.kind = kind;
  }
}

export const raise = (message: string): never => { throw new TemplateFault('template', message); };
/** @param what  such as "the filter pprint". */
export const refuse = (what: string): never => { throw new TemplateFault('refused', `Retort does not do ${what} as Python does`); };
