import type { DeviceMemory } from '../../runtime/device/device-memory.ts';
import { HeldTensors } from '../../runtime/device/held-tensors.ts';
import { inMoves } from '../../runtime/in-moves.ts';
import type { Hypothesis } from '../beam-search.ts';
import type { Opening, SessionSize } from '../opening.ts';
import type { Engine } from '../engine.ts';
import { generate } from '../generate.ts';
import type { Completion, GenerateOptions, Prompt } from '../writing.ts';
import { generateBeams, searchBeams } from '../generate-beams.ts';
import type { Rule } from '../processors.ts';
import type { SpeculateOptions } from '../speculate.ts';
import type { BeamSampling, Sampling, TokenSampling } from '../sampling.ts';
import type { DeviceModel } from './device-model.ts';
import { DeviceText } from './device-text.ts';
import { DraftedOnDevice } from './drafted-on-device.ts';
import { LikelyTexts } from './likely-texts.ts';
import { MixedOnDevice } from './mixed-on-device.ts';
import { ToldTexts } from './outside.ts';
import { writeTexts } from './write-texts.ts';

/** Writing on a device: tokens are chosen there, unless a processor is none that a graph knows. */
export class DeviceEngine implements Engine {
  private readonly model: DeviceModel;

  constructor(model: DeviceModel) {
    this.model = model;
  }

  async generate(prompts: readonly Prompt[], options: GenerateOptions<TokenSampling>): Promise<Completion[]> {
    const { sampling, maxNewTokens } = options;
    const rules = rulesOf(sampling);
    if (rules === null || prompts.length === 0 || maxNewTokens === 0) return generate(this, prompts, options);
    return writeTexts(this.model, { kind: 'token', strategy: sampling.strategy, rules }, prompts, options);
  }

  generateBeams(prompts: readonly Prompt[], options: GenerateOptions<BeamSampling>): Promise<Hypothesis[][]> {
    const rules = rulesOf(options.sampling);
    if (rules === null) return generateBeams(this, prompts, options);
    return searchBeams((count) => LikelyTexts.open(this.model, { kind: 'likely', count, rules }, prompts, options.maxNewTokens), prompts.length, options);
  }

  grow(prompts: readonly Opening[], size: SessionSize): Promise<ToldTexts> {
    return ToldTexts.open(this.model, prompts, size);
  }

  read(opening: Opening, newTokens: number): Promise<DeviceText> {
    return DeviceText.open(this.model, opening, newTokens);
  }

  /** Where the model lies. */
  get memory(): DeviceMemory {
    return this.model.memory;
  }

  /** A batch of texts whose tokens are drawn from this model and another one on the same device. @param share  the other's part */
  mixed(other: DeviceEngine, share: number, prompts: readonly Opening[], size: SessionSize): Promise<MixedOnDevice> {
    return MixedOnDevice.open([this.model, other.model], share, prompts, size);
  }

  /** A text on which a student on the same device drafts and this model decides; null where a graph cannot do what processors do. */
  async drafted(student: DeviceEngine, opening: Opening, { sampling, maxNewTokens, draftTokens }: SpeculateOptions): Promise<DraftedOnDevice | null> {
    const rules = rulesOf(sampling);
    if (rules === null) return null;
    const { strategy } = sampling;
    const way = { strategy, rules, vocabulary: this.model.vocabulary };
    return inMoves(async (keep) => new DraftedOnDevice(
      this.model, keep(await this.read(opening, maxNewTokens)), keep(await student.read(opening, maxNewTokens)), keep(new HeldTensors(this.memory)),
      { way, draftTokens, temperature: strategy === 'sample' ? sampling.temperature : 1 }));
  }

  release(): Promise<void> {
    return this.model.release();
  }
}

/** What processors do, where a graph can do all of it. */
function rulesOf({ processors = [] }: Sampling): Rule[] | null {
  const rules = processors.flatMap(({ rule }) => rule ?? []);
  return rules.length === processors.length ? rules : null;
}

/** Whether both models lie on one device. */
export function shareDevice(models: readonly [Engine, Engine]): models is readonly [DeviceEngine, DeviceEngine] {
  const [one, other] = models;
  return one instanceof DeviceEngine && other instanceof DeviceEngine && one.memory === other.memory;
}
