import type { Draft } from '../../src-main/contract/api/api.ts';
import { applyChange } from '../../src-main/contract/apply-change.ts';
import type { Change } from '../../src-main/contract/finding.ts';
import type { JsonObject } from '../../src-main/contract/merge-patch.ts';
import type { PresetName } from '../../src-main/contract/presets.ts';
import type { Bridge } from '../bridge/bridge.ts';
import { asking } from './asked.svelte.ts';
import type { FieldDraft } from './field-draft.ts';
import { differences, presetOf, standardOf, withPreset } from '../recipe/difference.ts';
import { friendly, type Placed } from '../recipe/friendly.ts';
import { inOrder } from '../recipe/fields.ts';
import { WIZARD_PAGES, type WizardPage } from './address.ts';
import { joined, missingIn } from '../recipe/missing.ts';
import { isRecord, valueAt, withValue, type UnfinishedRecipe } from '../recipe/paths.ts';

/** Milliseconds without a change after which a draft is saved and its recipe checked. */
const QUIET = 400;

/** What a new run starts from: the paper's method, once over the data. */
export const EMPTY_RECIPE: UnfinishedRecipe = { method: { preset: 'gkd' }, train: { epochs: 1 } };

/**
 * The recipe of a run that is being prepared. Every change is saved in the program shortly after it is made, so that
 * a reload, another window and a restart show the same.
 */
export class DraftState implements FieldDraft {
  readonly prefix = '';
  id = $state<string | null>(null);
  page = $state<WizardPage>('data');
  isAdvanced = $state(false);
  /** Changed only as a whole, by `set` and its kin. */
  recipe = $state.raw<UnfinishedRecipe>(EMPTY_RECIPE);
  /** What is wrong with the recipe as it was a moment ago. */
  problems = $state.raw<readonly Placed[]>([]);
  /** What is worth knowing of it and keeps nothing from starting. */
  notices = $state.raw<readonly Placed[]>([]);
  /** Whether `problems` and `notices` are those of the recipe as it is now. */
  isChecked = $state(false);
  saving = $state<'saved' | 'waiting' | 'failed'>('saved');
  readonly preset = $derived(presetOf(this.recipe));
  readonly differences = $derived(differences(this.recipe));

  private readonly bridge: Bridge;
  private readonly onId: (id: string) => void;
  /** Whether a person has changed anything: what Retort suggested by itself is not worth keeping. */
  private touched = false;
  private updated = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private saveInFlight: Promise<void> | null = null;
  private checks = 0;

  /** @param onId  hears the name a new draft is kept under, for the address */
  constructor(bridge: Bridge, onId: (id: string) => void, draft?: Draft) {
    this.bridge = bridge;
    this.onId = onId;
    if (draft) this.adopt(draft);
    void this.check();
  }

  /** Takes over what another window has saved, unless there is something newer here. */
  adopt(draft: Draft): void {
    if (this.saving !== 'saved' || draft.updated <= this.updated) return;
    const [page, mode] = draft.page.split(' ');
    this.id = draft.id;
    this.updated = draft.updated;
    this.touched = draft.touched;
    this.page = WIZARD_PAGES.find((known) => known === page) ?? 'data';
    this.isAdvanced = mode === 'advanced';
    this.recipe = draft.recipe;
    void this.check();
  }

  text(path: string): string | undefined {
    const value = valueAt(this.recipe, path);
    return typeof value === 'string' ? value : undefined;
  }

  get(path: string): unknown {
    return valueAt(this.recipe, path);
  }

  /** Changes one field; `undefined` leaves it to the preset or the default. */
  set(path: string, value: unknown): void {
    if (path === 'method.preset') return this.choosePreset(value as PresetName);
    // Another kind of a section has other fields.
    const [section] = path.split(/\.kind$/);
    const before = section === path ? this.recipe : withValue(this.recipe, section!, undefined);
    this.change(withValue(before, path, value));
  }

  setAll(values: Readonly<Record<string, unknown>>): void {
    this.change(Object.entries(values).reduce((recipe, [path, value]) => withValue(recipe, path, value), this.recipe));
  }

  standardOf(path: string): unknown {
    return standardOf(this.preset, path);
  }

  isChanged(path: string): boolean {
    return this.differences.some((difference) => difference.path === path);
  }

  /** The parts of the run that follow each other, as far as they have come; none where it is one. */
  get stages(): readonly UnfinishedRecipe[] {
    const { stages } = this.recipe;
    return Array.isArray(stages) ? stages.filter(isRecord) : [];
  }

  setStages(stages: readonly UnfinishedRecipe[]): void {
    this.change(withValue(this.recipe, 'stages', stages.length === 0 ? undefined : [...stages]));
  }

  /** Makes the change that a finding proposes. */
  mend(change: Change): void {
    // A draft and a change are both JSON.
    this.change(applyChange(this.recipe as JsonObject, change));
  }

  /** What the files say by themselves: filled in, and nothing the person has to keep. */
  suggest(values: Readonly<Record<string, unknown>>): void {
    const before = this.touched;
    this.setAll(values);
    this.touched = before;
  }

  choosePreset(preset: PresetName): void {
    this.change(withPreset(this.recipe, preset));
  }

  go(page: WizardPage): void {
    this.page = page;
    this.saveSoon();
  }

  setAdvanced(isAdvanced: boolean): void {
    this.isAdvanced = isAdvanced;
    this.saveSoon();
  }

  problemAt(path: string): Placed | undefined {
    return this.problems.find(({ field }) => field === path);
  }

  /** Saves what is not saved yet, now: before the page goes away or the run starts. */
  async flush(): Promise<void> {
    clearTimeout(this.timer);
    await this.saveInFlight;
    if (this.saving !== 'saved') await this.save();
  }

  /** Saves a draft that has no name yet, so that it has one. */
  async keep(): Promise<void> {
    if (this.saving === 'saved') this.saving = 'waiting';
    await this.flush();
  }

  /** Asks again although nothing of the recipe has changed: its files may have. */
  async recheck(): Promise<void> {
    this.isChecked = false;
    await this.check();
  }

  /** Asks what is wrong with the recipe. Answers that come after a newer question are dropped. */
  async check(): Promise<void> {
    const asked = ++this.checks;
    try {
      const { recipe } = this;
      const findings = await this.bridge.call('recipe.check', { recipe: this.named(), asker: asking() });
      if (asked !== this.checks) return;
      const placed = friendly(findings, recipe);
      this.problems = joined(missingIn(recipe), placed.filter(({ level }) => level === 'problem'));
      this.notices = placed.filter(({ level }) => level === 'notice');
      this.isChecked = true;
    } catch (error) {
      if (asked !== this.checks) return;
      this.problems = [{ code: 'check', level: 'problem', field: '', message: (error as Error).message }];
    }
  }

  /** The recipe with a name: its own, or one made from its data file. */
  named(): Record<string, unknown> {
    return inOrder({ ...this.recipe, name: this.title });
  }

  get title(): string {
    const name = this.text('name')?.trim();
    if (name) return name.slice(0, 200);
    const file = this.text('data.train')?.split(/[\\/]/).at(-1)?.split('.')[0];
    return file ? `${file}, ${this.preset}` : 'New run';
  }

  private change(recipe: UnfinishedRecipe): void {
    // What is said of a field holds for the value it had.
    const holds = ({ field }: Placed): boolean => valueAt(this.recipe, field) === valueAt(recipe, field);
    this.problems = this.problems.filter(holds);
    this.notices = this.notices.filter(holds);
    this.recipe = recipe;
    this.touched = true;
    this.isChecked = false;
    this.checks++;
    this.saveSoon();
  }

  private saveSoon(): void {
    this.saving = 'waiting';
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      void this.save();
      if (!this.isChecked) void this.check();
    }, QUIET);
  }

  private save(): Promise<void> {
    this.saveInFlight ??= this.saveOnce().finally(() => { this.saveInFlight = null; });
    return this.saveInFlight;
  }

  private async saveOnce(): Promise<void> {
    const { recipe, page, isAdvanced } = this;
    try {
      const saved = await this.bridge.call('drafts.save', {
        id: this.id, title: this.title, page: `${page}${isAdvanced ? ' advanced' : ''}`, recipe: { ...recipe }, touched: this.touched,
      });
      this.updated = saved.updated;
      if (this.id === null) {
        this.id = saved.id;
        this.onId(saved.id);
      }
      // What changed while this was written is saved by its own timer.
      if (recipe === this.recipe && page === this.page && isAdvanced === this.isAdvanced) this.saving = 'saved';
    } catch {
      this.saving = 'failed';
    }
  }
}
