import type { Turns } from './turns.ts';

/** Turns in the template language of Ollama (Go's). @param bos  a token that Ollama writes itself; null for none */
export function goTemplate({ opening, system, user, assistant, answer }: Turns, bos: string | null): string {
  const own = (text: string): string => literal(bos !== null && text.startsWith(bos) ? text.slice(bos.length) : text);
  const within = system?.isWithin
    ? `{{- if and $.System (eq $index 0) }}${own(system.before)}{{ $.System }}${literal(system.behind)}{{- else }}${literal(user[0])}{{- end }}`
    : literal(user[0]);
  const begun = system !== null && !system.isWithin
    ? `{{- if .System }}${own(system.before)}{{ .System }}${literal(system.behind)}{{- else }}${own(opening)}{{- end }}`
    : system === null || own(opening) === '' ? own(opening) : `{{- if not .System }}${own(opening)}{{- end }}`;
  return [
    begun, '{{- $index := 0 }}', '{{- range .Messages }}',
    `{{- if eq .Role "user" }}${within}{{ .Content }}${literal(user[1])}{{- $index = 1 }}`,
    `{{- else if eq .Role "assistant" }}${literal(assistant[0])}{{ .Content }}${literal(assistant[1])}`,
    '{{- end }}', '{{- end }}', literal(answer),
  ].join('');
}

/** A text that stands for itself: within an action, so that no trimming reaches it. */
const literal = (text: string): string => (text === '' ? '' : `{{ ${JSON.stringify(text)} }}`);
