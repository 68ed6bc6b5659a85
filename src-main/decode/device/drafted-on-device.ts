import type { DeviceTensor } from '../../runtime/device/device-memory.ts';
import type { HeldTensors } from '../../runtime/device/held-tensors.ts';
import type { Program } from '../../runtime/program.ts';
import { float32, int32, type Tensor } from '../../runtime/tensor.ts';
import type { DraftedText } from '../drafts.ts';
import type { Chance, Verdict } from '../verify.ts';
import type { DeviceModel } from './device-model.ts';
import type { DeviceText } from './device-text.ts';
import { draftedAt, draftGraph, judgeGraph, seesText, type DraftWay } from './draft-graphs.ts';

export interface DraftSettings { readonly way: DraftWay; readonly temperature: number; /** Tokens of the longest draft. */ readonly draftTokens: number }

/** The largest number below one that a device has: chances are below one there as well. */
const MOST = 1 - 2 ** -24;
const chanceOf = (value: number): number => Math.min(value, MOST);

/** A text of two models on one device: what they think of it stays there, and of a draft its tokens and the verdict cross. */
export class DraftedOnDevice implements DraftedText {
  private readonly model: DeviceModel;
  private readonly teacher: DeviceText;
  private readonly student: DeviceText;
  private readonly settings: DraftSettings;
  /** What each token of a draft is drawn from, [1, vocabulary]. */
  private readonly drafted: readonly DeviceTensor[];
  private readonly held: HeldTensors;
  private count = 0;

  /** @param model  whose programs these are: either one; @param held  in its memory, and this text's own */
  constructor(model: DeviceModel, teacher: DeviceText, student: DeviceText, held: HeldTensors, settings: DraftSettings) {
    this.model = model;
    this.held = held;
    this.teacher = teacher;
    this.student = student;
    this.settings = settings;
    this.drafted = Array.from({ length: settings.draftTokens }, () => held.make('float32', [1, model.vocabulary]));
  }

  async draft(tokens: readonly number[], chance: number): Promise<number> {
    const { way } = this.settings;
    const program = await this.program('draft', (dialect) => draftGraph(way, dialect));
    const next = int32(new Int32Array(1), [1]);
    await this.student.held(tokens, 1, (logits) => run(program, {
      logits, uniform: float32(Float32Array.of(chanceOf(chance)), [1, 1]), ...this.about(this.student, tokens, 1),
    }, { probabilities: this.drafted[this.count]!, next }));
    this.count += 1;
    return Number(next.data[0]);
  }

  async judge(tokens: readonly number[], draft: readonly number[], chance: Chance): Promise<Verdict> {
    const { way, draftTokens } = this.settings;
    const told = draft.length + 1;
    const program = await this.program(`judge ${draftTokens}`, (dialect) => judgeGraph(way, draftTokens, dialect));
    const column = (value: (place: number) => number): Tensor => float32(Float32Array.from({ length: told }, (_, place) => value(place)), [told, 1]);
    const [accepted, next] = [int32(new Int32Array(1), [1]), int32(new Int32Array(1), [1])];
    const text = [...tokens, ...draft];
    await this.teacher.held(text, told, (logits) => run(program, {
      logits, ...Object.fromEntries(this.drafted.map((tensor, place) => [draftedAt(place), tensor])),
      tokens: int32(Int32Array.from({ length: told }, (_, place) => draft[place] ?? 0), [told, 1]),
      places: int32(Int32Array.from({ length: told }, (_, place) => (place < draft.length ? place : draftTokens)), [told]),
      drafted: float32(Float32Array.from({ length: told }, (_, place) => (place < draft.length ? 1 : 0)), [1, told]),
      accept: column((place) => (place < draft.length ? chanceOf(chance.accept(place)) : 0)), resample: column((place) => chanceOf(chance.next(place))),
      ...this.about(this.teacher, text, told),
    }, { accepted, next }));
    this.count = 0;
    return { accepted: Number(accepted.data[0]), next: Number(next.data[0]) };
  }

  release(): void {
    this.held.release();
    for (const text of [this.teacher, this.student]) text.release();
  }

  private program(kind: string, graph: Parameters<DeviceModel['other']>[1]): Promise<Program> {
    return this.model.other(`${kind} ${JSON.stringify(this.settings.way)}`, graph);
  }

  /** What is told of the text for each of its last `told` tokens. */
  private about(text: DeviceText, tokens: readonly number[], told: number): Record<string, Tensor> {
    const { way, temperature } = this.settings;
    const whole = text.with(tokens);
    // Each row's text ends with its token, and repeats it to the length of the longest.
    const ends = Array.from({ length: told }, (_, at) => whole.length - told + at);
    const texts = (): Int32Array => Int32Array.from(ends.flatMap((last) => whole.map((token, place) => (place <= last ? token : whole[last]!))));
    return {
      ...(way.strategy === 'sample' && { temperature: float32(Float32Array.of(temperature), []) }),
      ...(seesText(way) && { text: int32(texts(), [told, whole.length]) }),
    };
  }
}

async function run(program: Program, ...[inputs, outputs]: Parameters<Program['bind']>): Promise<void> {
  const bound = program.bind(inputs, outputs);
  try {
    await bound.run();
  } finally {
    bound.release();
  }
}
