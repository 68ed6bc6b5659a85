import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { compileJinja, TemplateFault } from '../../src-main/text/chat/jinja.ts';

interface Case { source: string; text?: string; generated?: { start: number; end: number }[]; error?: string }
const cases = JSON.parse(readFileSync('test/fixtures/jinja/rendered.json', 'utf8')) as Case[];

describe('a template', () => {
  it.each(cases)('$source is as in Python', ({ source, text, generated, error }) => {
    const render = (): unknown => compileJinja(source).render({ messages: null, tools: null, documents: null, add_generation_prompt: false });
    if (error === undefined) expect(render()).toEqual({ text, generated });
    else expect(render).toThrow(TemplateFault);
  });

  it('may be rendered again', () => {
    const template = compileJinja('{% set n = namespace(a=0) %}{% for m in messages %}{% set n.a = n.a + m %}{% endfor %}{{ n.a }}');
    expect([template.render({ messages: [1, 2] }).text, template.render({ messages: [2.5] }).text]).toEqual(['3', '2.5']);
  });

  it('says nothing of marks whose place is unknown', () => {
    expect(compileJinja('{% macro m() %}{% generation %}a{% endgeneration %}{% endmacro %}{{ m() }}').render({})).toEqual({ text: 'a', generated: null });
  });
});

const HOSTILE: readonly string[] = [
  '{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}',
  "{% set n = namespace(s='x') %}{% for i in range(100) %}{% set n.s = n.s ~ n.s %}{% endfor %}",
  '{% set n = namespace(l=[1]) %}{% for i in range(100) %}{% set n.l = n.l + n.l %}{% endfor %}',
  "{% set n = namespace(d={}) %}{% for i in range(64) %}{% set n.d = {'a': n.d, 'b': n.d} %}{% endfor %}{{ n.d|tojson }}",
  '{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}',
  "{{ 'x' * 10**12 }}", '{{ [1] * 10**9 }}', "{{ 'x'|center(10**10) }}", "{{ '%99999999999d' % 3 }}", "{{ '{:>99999999999}'.format('a') }}", "{{ 'a'.zfill(10**11) }}",
  "{{ ('a\\n' * 100000)|indent(100000) }}", "{{ ('a' * 100000)|replace('a', 'b' * 100000) }}", "{{ ['a' * 100000] * 100000 }}", "{{ (['a' * 100000] * 100000)|join }}",
  '{{ [1]|batch(10**10, 1)|list }}', '{% for i in range(99999) %}{{ range(99999)|list|length }}{% endfor %}',
  `{{ ${'['.repeat(20_000)}${']'.repeat(20_000)} }}`, '{% if a %}'.repeat(20_000), `{{ 1${'+1'.repeat(200_000)} }}`,
  '{% for i in [1] recursive %}{{ loop([1]) }}{% endfor %}',
];

describe('a template that asks for too much', () => {
  it.each(HOSTILE)('is stopped: %.60s', (source) => {
    expect(() => compileJinja(source).render({})).toThrow(expect.objectContaining({ kind: 'bound' }));
  });

  it.each(['{{ range(10000000)|join }}', '{% for i in range(10**12) %}x{% endfor %}', '{% set n = namespace(n=3) %}{% for i in range(99) %}{% set n.n = n.n * n.n %}{% endfor %}', '{{ 10**(10**9) }}'])('is stopped as in Python: %s', (source) => {
    expect(() => compileJinja(source).render({})).toThrow(TemplateFault);
  });
});
