import { inMoves } from '../../runtime/in-moves.ts';
import { float32 } from '../../runtime/tensor.ts';
import type { Opening, SessionSize } from '../opening.ts';
import { mixedChoiceGraph } from '../mixed-choice.ts';
import type { Drawn, MixedTexts } from '../mixed-texts.ts';
import type { DeviceModel } from './device-model.ts';
import { DeviceSession } from './device-session.ts';

type Two<Each> = readonly [student: Each, teacher: Each];

/** Texts of two models on one device: their logits meet there, and of a row its token and two log-probabilities come to the host. */
export class MixedOnDevice implements MixedTexts {
  private readonly models: Two<DeviceModel>;
  private readonly sessions: Two<DeviceSession>;
  private readonly share: number;

  private constructor(models: Two<DeviceModel>, sessions: Two<DeviceSession>, share: number) {
    this.models = models;
    this.sessions = sessions;
    this.share = share;
  }

  /** @param models  of one device, who write the same ids */
  static async open(models: Two<DeviceModel>, share: number, prompts: readonly Opening[], { newTokens }: Pick<SessionSize, 'newTokens'>): Promise<MixedOnDevice> {
    const open = (model: DeviceModel): Promise<DeviceSession> => DeviceSession.open(model, { kind: 'held' }, prompts, { newTokens });
    return inMoves(async (keep) => new MixedOnDevice(models, [keep(await open(models[0])), await open(models[1])], share));
  }

  async draw(uniforms: readonly number[]): Promise<Drawn> {
    const { sessions: [student, teacher], models: [model] } = this;
    const { memory } = model;
    for (const session of this.sessions) await session.run();
    const rows = uniforms.length;
    const choose = await model.other('mixed choice', (dialect) => mixedChoiceGraph(model.vocabulary, dialect));
    const logprobs = [float32(new Float32Array(rows), [rows]), float32(new Float32Array(rows), [rows])] as const;
    const bound = choose.bind(
      { student: student.logits, teacher: teacher.logits, share: float32(Float32Array.of(this.share), []), uniform: float32(Float32Array.from(uniforms), [rows, 1]) },
      { next: student.next, student_logprob: logprobs[0], teacher_logprob: logprobs[1] });
    try {
      await bound.run();
    } finally {
      bound.release();
    }
    memory.copy(student.next, teacher.next);
    return { tokens: memory.read(student.next).data as Int32Array, student: logprobs[0].data as Float32Array, teacher: logprobs[1].data as Float32Array };
  }

  async goOn(rows: readonly number[]): Promise<void> {
    for (const session of this.sessions) {
      await session.take(rows);
      session.goOn();
    }
  }

  release(): void {
    for (const session of this.sessions) session.release();
  }
}
