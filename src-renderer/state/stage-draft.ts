import type { PresetName } from '../../src-main/contract/presets.ts';
import { presetOf, standardOf, withPreset } from '../recipe/difference.ts';
import type { Placed } from '../recipe/friendly.ts';
import { valueAt, withValue, type UnfinishedRecipe } from '../recipe/paths.ts';
import type { DraftState } from './draft.svelte.ts';
import type { FieldDraft } from './field-draft.ts';

/** One stage of a recipe that is being prepared. What it does not say, the recipe says: that is what its fields show. */
export class StageDraft implements FieldDraft {
  readonly prefix: string;
  private readonly draft: DraftState;
  private readonly at: number;

  /** @param at  which stage, from 0 */
  constructor(draft: DraftState, at: number) {
    this.draft = draft;
    this.at = at;
    this.prefix = `stages.${at}.`;
  }

  get name(): string {
    return this.text('name') ?? '';
  }

  /** Whether the stage has a method of its own, and takes nothing from the recipe's. */
  get hasOwnMethod(): boolean {
    return this.get('method.preset') !== undefined;
  }

  get preset(): PresetName {
    return this.hasOwnMethod ? presetOf(this.own) : this.draft.preset;
  }

  get(path: string): unknown {
    return valueAt(this.own, path);
  }

  text(path: string): string | undefined {
    const value = this.get(path);
    return typeof value === 'string' ? value : path === 'name' ? undefined : this.draft.text(path);
  }

  set(path: string, value: unknown): void {
    this.setAll({ [path]: value });
  }

  setAll(values: Readonly<Record<string, unknown>>): void {
    this.change(Object.entries(values).reduce((stage, [path, value]) => withValue(stage, path, value), this.own));
  }

  /** @param preset  null for the recipe's method */
  choosePreset(preset: PresetName | null): void {
    if (preset !== null) return this.change(withPreset(this.own, preset));
    const { method: _, ...rest } = this.own;
    this.change(rest);
  }

  standardOf(path: string): unknown {
    const isOwn = path.startsWith('method.') && this.hasOwnMethod;
    return (isOwn ? undefined : this.draft.get(path)) ?? standardOf(this.preset, path);
  }

  isChanged(path: string): boolean {
    const value = this.get(path);
    return value !== undefined && JSON.stringify(value) !== JSON.stringify(this.standardOf(path));
  }

  problemAt(path: string): Placed | undefined {
    return this.draft.problemAt(`${this.prefix}${path}`);
  }

  private get own(): UnfinishedRecipe {
    return this.draft.stages[this.at] ?? {};
  }

  private change(stage: UnfinishedRecipe): void {
    this.draft.setStages(this.draft.stages.with(this.at, stage));
  }
}
