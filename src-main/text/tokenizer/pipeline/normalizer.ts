export interface Normalizer {
  apply(text: string): string;
  /** Whether what comes out begins with what the text begins with, rather than with something behind it. */
  keepsStart(text: string): boolean;
}
