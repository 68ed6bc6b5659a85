import type { PresetName } from '../../src-main/contract/presets.ts';
import type { Placed } from '../recipe/friendly.ts';

/** What a form of recipe fields changes: a whole recipe, or one of its stages. */
export interface FieldDraft {
  /** The method whose choices count. */
  readonly preset: PresetName;
  /** Stands before a field's path in ids: empty for the recipe, `stages.1.` for a stage. */
  readonly prefix: string;
  get(path: string): unknown;
  text(path: string): string | undefined;
  /** `undefined` leaves the field to what stands for it. */
  set(path: string, value: unknown): void;
  setAll(values: Readonly<Record<string, unknown>>): void;
  /** What a field is where nothing is said here. */
  standardOf(path: string): unknown;
  /** Whether what is said here is something else than that. */
  isChanged(path: string): boolean;
  problemAt(path: string): Placed | undefined;
}
