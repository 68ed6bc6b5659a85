/** Spaces and line breaks are part of tokens: they are made visible. */
export const visible = (text: string): string => text.replaceAll(' ', '·').replaceAll('\n', '↵').replaceAll('\t', '⇥');
