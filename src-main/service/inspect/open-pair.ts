import type { Device } from '../../contract/divergence.ts';
import { choiceOf } from '../../decode/choose.ts';
import type { Choice } from '../../decode/decode-graph.ts';
import type { Sampling } from '../../decode/sampling.ts';
import type { Completion, Prompt } from '../../decode/writing.ts';
import { TextPlan, type TextWriter } from '../../decode/text-writer.ts';
import { FrozenModel } from '../../distill/frozen-model.ts';
import { Judge } from '../../distill/judge.ts';
import type { DivergenceSpec } from '../../distill/divergences.ts';
import type { TokenLossSpec } from '../../distill/token-loss.ts';
import { TOP } from '../../inspect/token-report.ts';
import type { Beginning, ExamineTools } from '../../inspect/examine.ts';
import { roundUp } from '../../distill/bucket.ts';
import type { Teacher } from '../../distill/teacher.ts';
import { endTokens, executorFor, openWeights, openWholeModel, type Model } from '../../model/load-model.ts';
import { alignModels } from '../../model/align-models.ts';
import { anyPair, sharedVocabulary, type AnyPair } from '../../model/model-pair.ts';
import { inMoves, releaseAll } from '../../runtime/in-moves.ts';
import { AlignedTeacher } from '../../teacher/aligned-teacher.ts';
import type { Alignment } from '../../text/aligned/alignment.ts';
import { loadChatTemplate } from '../../text/chat/chat-template.ts';

export type Who = 'student' | 'teacher';

/** Tokens by which the lengths of continuations differ where a context leaves little room. */
const STEP = 8;

interface Writing { maxNewTokens: number; sampling: Sampling; signal?: AbortSignal | undefined }

/** A student and its teacher with their weights in memory, ready to judge and to write. */
export class InspectedPair {
  readonly student: Model;
  readonly teacher: Model;
  readonly sharedVocabulary: number;
  /** How the two speak of one text where their tokenizers differ; null where they do not. */
  readonly alignment: Alignment | null;
  readonly eos: ReadonlySet<number>;
  private readonly device: Device;
  private readonly frozen: Record<Who, FrozenModel>;
  private readonly judging: Teacher;
  private readonly judges = new Map<string, Judge>();
  private readonly writers = new Map<string, { maxLength: number; writer: Promise<TextWriter> }>();
  /** All of them: a shorter one may still be written with when a longer one takes its place. */
  private readonly opened: Promise<TextWriter>[] = [];
  private readonly texts = new Map<number, string>();

  private constructor(models: AnyPair, alignment: Alignment | null, frozen: Record<Who, FrozenModel>, device: Device) {
    this.student = models.student;
    this.teacher = models.teacher;
    this.sharedVocabulary = sharedVocabulary(alignment ? [models.student] : [models.student, models.teacher]);
    this.alignment = alignment;
    this.judging = alignment ? new AlignedTeacher(frozen.teacher, null, models.teacher.decoder, alignment, 1) : frozen.teacher;
    this.eos = endTokens(models.student);
    this.frozen = frozen;
    this.device = device;
  }

  /** @throws Problem where a folder is no model, or the two do not fit. */
  static async open(student: string, teacher: string, device: Device): Promise<InspectedPair> {
    const models = anyPair(await openWholeModel(student), await openWholeModel(teacher));
    const alignment = models.hasSameTokens ? null : await alignModels(models.student, models.teacher, await haveTemplates(models));
    const executor = executorFor(device);
    const frozen = async (model: Model): Promise<FrozenModel> => {
      const { decoder, weights, release } = await openWeights(model, executor);
      return new FrozenModel(executor, decoder, weights, { letGo: release });
    };
    return inMoves(async (keep) => new InspectedPair(models, alignment, { student: keep(await frozen(models.student)), teacher: keep(await frozen(models.teacher)) }, device));
  }

  /** What examines texts by a divergence. @param also  further ones */
  tools(spec: Pick<DivergenceSpec, 'divergence' | 'beta'>, also: TokenLossSpec['also'] = []): ExamineTools {
    return {
      judge: this.judge(spec, also),
      eos: this.eos,
      textOf: this.textOf,
      continueAsTeacher: (beginnings, most) => this.goOn('teacher', beginnings, most),
    };
  }

  readonly textOf = (id: number): string => {
    let text = this.texts.get(id);
    if (text === undefined) this.texts.set(id, text = this.student.tokenizer.tokenText(id));
    return text;
  };

  /** One completion a prompt. */
  async write(who: Who, prompts: readonly Prompt[], { maxNewTokens, sampling, signal }: Writing): Promise<Completion[]> {
    const longest = Math.max(...prompts.map(({ tokens, begun }) => tokens.length + (begun?.length ?? 0))) + maxNewTokens;
    const writer = await this.writer(who, choiceOf(sampling), longest);
    return writer.write(prompts, { maxNewTokens, eos: who === 'teacher' && this.alignment ? endTokens(this.teacher) : this.eos, sampling, ...(signal && { signal }) });
  }

  /** Greedy continuations of at most `most` tokens of the model's own, in those of the student; null where the model's context has no room for one. */
  async goOn(who: Who, beginnings: readonly Beginning[], most: number): Promise<(Int32Array | null)[]> {
    const { alignment } = this;
    if (who === 'student' || !alignment) return this.continued(who, beginnings, most);
    const written = await this.continued(who, beginnings.map(({ prompt, begun }) => ({ prompt: alignment.promptOf(prompt), begun: alignment.align(begun).tokens.slice(0, -1) })), most);
    return written.map((tokens) => tokens && alignment.ofTeacher(tokens));
  }

  /** In the model's own tokens. */
  private async continued(who: Who, beginnings: readonly Beginning[], most: number): Promise<(Int32Array | null)[]> {
    const { contextLength } = this[who].decoder;
    const written: (Int32Array | null)[] = beginnings.map(() => null);
    const byRoom = new Map<number, number[]>();
    beginnings.forEach(({ prompt, begun }, at) => {
      const left = contextLength === null ? most : contextLength - prompt.length - begun.length;
      // A few lengths only, so that most of them share a batch.
      const room = left >= most ? most : left >= STEP ? left - (left % STEP) : left;
      byRoom.set(room, [...byRoom.get(room) ?? [], at]);
    });
    for (const [room, group] of byRoom) {
      if (room < 1) continue;
      const prompts = group.map((at) => ({ id: at, tokens: beginnings[at]!.prompt, begun: beginnings[at]!.begun }));
      const completions = await this.write(who, prompts, { maxNewTokens: room, sampling: { strategy: 'greedy' } });
      group.forEach((at, row) => { written[at] = completions[row]!.tokens; });
    }
    return written;
  }

  async release(): Promise<void> {
    // Whoever asked for a writer that could not be opened has been told.
    const writers = await Promise.allSettled(this.opened);
    await releaseAll([...writers.flatMap((writer) => (writer.status === 'fulfilled' ? [writer.value] : [])), ...this.judges.values(), this.frozen.student, this.frozen.teacher]);
  }

  private judge({ divergence, beta }: Pick<DivergenceSpec, 'divergence' | 'beta'>, also: NonNullable<TokenLossSpec['also']>): Judge {
    const key = `${divergence} ${beta} ${also.join()}`;
    let judge = this.judges.get(key);
    if (!judge) {
      const { sharedVocabulary } = this;
      judge = new Judge(executorFor('cpu'), this.frozen.student, this.judging, {
        divergence, beta, also, normalizeBeta: false, lossTemperature: 1, sharedVocabulary, chunk: 128, top: Math.min(TOP, sharedVocabulary),
      });
      this.judges.set(key, judge);
    }
    return judge;
  }

  private async writer(who: Who, choice: Choice, longest: number): Promise<TextWriter> {
    const key = `${who} ${choice}`;
    const known = this.writers.get(key);
    if (known && known.maxLength >= longest) return known.writer;
    const { decoder, weights } = this.frozen[who];
    const maxLength = Math.min(roundUp(longest, 64), decoder.contextLength ?? Infinity);
    const writer = new TextPlan(executorFor(this.device), decoder, weights, { vocabulary: who === 'teacher' ? this.alignment?.families.teacher.length ?? this.sharedVocabulary : this.sharedVocabulary, maxLength, choice }).open();
    const kept = { maxLength, writer };
    this.writers.set(key, kept);
    this.opened.push(writer);
    try {
      return await writer;
    } catch (error) {
      // The next question tries again: there may be room by then.
      if (this.writers.get(key) === kept) this.writers.delete(key);
      throw error;
    }
  }
}

/** Whether both models have a chat template, so that their answers end as their chats do. */
async function haveTemplates({ student, teacher }: AnyPair): Promise<boolean> {
  const found = await Promise.all([student, teacher].map(({ folder }) => loadChatTemplate(folder.companions).then(() => true, () => false)));
  return found.every(Boolean);
}
