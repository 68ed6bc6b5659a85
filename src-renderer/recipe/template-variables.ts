/** What every chat template is given, or Jinja itself knows. */
const GIVEN = new Set([
  'messages', 'message', 'tools', 'tool', 'documents', 'add_generation_prompt', 'bos_token', 'eos_token', 'pad_token', 'unk_token', 'raise_exception', 'strftime_now',
  'namespace', 'range', 'loop', 'true', 'false', 'none', 'True', 'False', 'None', 'not', 'in', 'is', 'and', 'or', 'if', 'else',
]);

/** The switches of its own that a chat template asks for, such as `enable_thinking`: names it tests or gives a default, and sets nowhere. */
export function templateVariables(source: string): string[] {
  const statements = [...source.matchAll(/\{[%{]-?([\s\S]*?)-?[%}]\}/g)].map(([, inside]) => inside!.replaceAll(/'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"/g, "''"));
  const made = new Set(statements.flatMap((statement) => [
    ...[.../^\s*set\s+([A-Za-z_]\w*)/.exec(statement)?.slice(1) ?? []],
    ...(/^\s*for\s+(.+?)\s+in\s/.exec(statement)?.[1]?.split(',').map((name) => name.trim()) ?? []),
    ...(/^\s*macro\s+\w+\(([^)]*)\)/.exec(statement)?.[1]?.split(',').map((name) => name.split('=')[0]!.trim()) ?? []),
  ]));
  const asked = statements.flatMap((statement) => [
    ...statement.matchAll(/(?<![.\w])([A-Za-z_]\w*)\s+is\s+(?:not\s+)?defined/g),
    ...statement.matchAll(/(?<![.\w])([A-Za-z_]\w*)\s*\|\s*default\b/g),
    ...statement.matchAll(/\b(?:if|elif|and|or|not)\s+(?:not\s+)?\(?\s*([A-Za-z_]\w*)(?=\s*(?:$|and\b|or\b|\)|==|!=|else\b|is\s))/g),
  ].map(([, name]) => name!));
  return [...new Set(asked)].filter((name) => !GIVEN.has(name) && (!made.has(name) || isDefaulted(name, statements)));
}

/** `{% if not x is defined %}{% set x = ... %}`: set only where the person says nothing. */
function isDefaulted(name: string, statements: readonly string[]): boolean {
  const test = statements.findIndex((statement) => new RegExp(`^\\s*if\\s+(?:not\\s+${name}\\s+is\\s+defined|${name}\\s+is\\s+not\\s+defined)\\s*$`).test(statement));
  return test >= 0 && new RegExp(`^\\s*set\\s+${name}\\s*=`).test(statements[test + 1] ?? '');
}
