import { isDeepStrictEqual } from 'node:util';
import type { BestScore } from '../../contract/best.ts';
import type { Rollout } from '../../contract/events.ts';
import { stagesBegun } from '../../contract/stages.ts';
import type { OwnText } from '../../distill/cannot-write.ts';
import type { BaselineState } from '../../distill/reward-baseline.ts';
import { TeacherAway } from '../../teacher/served/teacher-away.ts';
import { CoveredWatch } from '../../distill/covered-watch.ts';
import { CollapseGuard } from '../../distill/collapse-guard.ts';
import { skippedStep } from '../../distill/skipped-step.ts';
import type { StepResult } from '../../distill/trainer.ts';
import { TEXT_VERSION } from '../../text/text-version.ts';
import { firstExamples } from '../../text/example-set.ts';
import { countParameters } from '../../nn/build.ts';
import { listCheckpoints, publishCheckpoint, pruneCheckpoints } from '../../run-folder/checkpoint-folder.ts';
import type { RunFolder } from '../../run-folder/run-folder.ts';
import { resetPeakMemory } from '../../runtime/peak-memory.ts';
import { BestSoFar } from './evaluation/best-so-far.ts';
import type { BuiltRun } from './build-trainer.ts';
import type { RunExample } from './run-example.ts';
import { bestMetric } from '../../checks/best.ts';
import { writeCheckpoint } from './record/checkpoint.ts';
import { carry } from './stages/carried-weights.ts';
import type { StudentStart } from './build-student.ts';
import type { CheckpointState } from '../../run-folder/checkpoint-state.ts';
import { evaluateRun } from './evaluation/evaluate-run.ts';
import { TeacherAnswers } from './evaluation/teacher-answers.ts';
import type { Begun } from './begin.ts';
import type { RunJob } from './job.ts';
import { numbered } from './stages/numbered.ts';
import { openStage } from './stages/open-stage.ts';
import { stageBehind, type PreparedStage, type PreparedStages } from './stages/prepare-stages.ts';
import { Expectation } from './expectation.ts';
import type { RolloutFiles } from '../../run-folder/rollout-files.ts';
import { Told } from './record/told.ts';
import { WritingWatch } from './evaluation/writing-watch.ts';

export interface RunOutcome { status: 'done' | 'stopped'; step: number; checkpoint: string | null }

/** The computing of a run, one stage after the other, from a place to its end or until it is asked to stop. */
export class Run {
  private readonly job: RunJob;
  private readonly whole: PreparedStages;
  /** The stage at hand. */
  private prepared: PreparedStage;
  private readonly folder: RunFolder;
  private readonly begun: Begun;
  private readonly files: RolloutFiles;
  private readonly guard = new CollapseGuard();
  private writing: WritingWatch;
  private readonly covered: CoveredWatch;
  private readonly told = new Told();
  /** Null where the recipe asks for no best checkpoint, and before the last stage. */
  private best: BestSoFar | null = null;
  private totalTokens = 0;
  private readonly expectation: Expectation;
  private readonly teacherAnswers = new TeacherAnswers();

  constructor(job: RunJob, begun: Begun, files: RolloutFiles) {
    this.job = job;
    this.begun = begun;
    this.whole = begun.prepared;
    this.prepared = stageBehind(this.whole, begun.start?.state.step ?? 0);
    this.writing = new WritingWatch(this.prepared, this.guard);
    this.covered = new CoveredWatch(job.recipe.teacher?.server?.topLogprobs ?? null);
    this.folder = begun.folder;
    this.files = files;
    this.expectation = new Expectation(this.whole, job.recipe, performance.now());
  }

  async go(from: string | null, state: CheckpointState | null): Promise<RunOutcome> {
    const { job, whole: { steps, stages, lengths, notices, memory }, prepared: { student, recipe } } = this;
    const first = state?.step ?? 0;
    this.totalTokens = state?.totalTokens ?? 0;
    job.emit({
      event: 'started', runId: job.runId, runDir: job.runDir, name: recipe.name, steps, fromStep: first,
      parameters: countParameters(student.parameters), ...lengths,
    });
    resetPeakMemory();
    job.emit({ event: 'forecast', memory });
    this.enter(this.prepared, state);
    if (from !== null) job.emit({ event: 'restored', checkpoint: { step: first, path: from }, ...await this.told.read(from), ...this.bestField, stages: stagesBegun(job.recipe, lengths.stageSteps ?? null, first) });
    for (const warning of this.begun.warnings) job.emit({ event: 'warning', ...warning });
    for (const { code, message, hint } of notices) job.emit({ event: 'warning', code, message: hint === undefined ? message : `${message} ${hint}` });
    let start: StudentStart = { from, isNewStage: first === this.prepared.first };
    for (const stage of stages.slice(this.prepared.number - 1)) {
      const step = Math.max(first, stage.first);
      const isAnew = step === stage.first;
      if (stage !== this.prepared) this.enter(stage, null);
      const { name, number } = stage;
      if (name !== null && isAnew) job.emit({ event: 'stage', name, number, of: stages.length, first: step, steps: stage.steps });
      const built = await openStage({ ...stage, microBatchSize: this.microBatchSizes[number - 1]! }, job, this.folder, { start, state: isAnew ? null : state, totalTokens: this.totalTokens }, this.teacherAnswers);
      if (built === null) return this.stopped();
      try {
        if (isAnew) await this.evaluate(built, step);
        const outcome = await this.steps(built, step);
        if (outcome !== null) return outcome;
        start = { from: null, carried: carry(built.optimizer) };
      } finally {
        await built.release();
      }
    }
    throw new Error('a last stage ends its run');
  }

  /** Takes up a stage. @param state  of the checkpoint that the run goes on from; null where a stage begins behind another */
  private enter(stage: PreparedStage, state: CheckpointState | null): void {
    const { recipe, first } = stage;
    // What is asked of it, and how it writes, may be another stage's own.
    if (!isDeepStrictEqual(recipe.evaluate, this.prepared.recipe.evaluate)) this.teacherAnswers.forget();
    this.prepared = stage;
    this.writing = new WritingWatch(stage, this.guard);
    const metric = bestMetric(recipe);
    this.best = metric && new BestSoFar(metric, recipe.evaluate.patience ?? Infinity, state && state.step > first ? state : {}, first);
  }

  /** @returns null where another stage follows */
  private async steps(built: BuiltRun, from: number): Promise<RunOutcome | null> {
    const { job, whole: { steps }, prepared, prepared: { first, recipe: { checkpoint, evaluate } } } = this;
    const end = first + prepared.steps;
    let step = from;
    // A run that was cut off behind its last checkpoint has nothing to learn any more.
    while (!this.isOver(step)) {
      step += 1;
      const baseline = built.rewardBaseline?.state ?? null;
      const made = await built.trainer.step(step - first).catch((error: unknown) => this.leave(error, built, step - 1, baseline));
      if (made === null) return await this.stopped();
      await this.tell(numbered(made, prepared), built);
      // A checkpoint holds which one is the best, the last one too, so an evaluation comes before it; where nobody asks
      // for the best, the last weights are saved before the last evaluation. The student that a stage ends with is evaluated by the next.
      const isDue = step === end ? this.best !== null : evaluate.every !== undefined && step % evaluate.every === 0;
      const isBest = isDue && await this.evaluate(built, step);
      const isOver = this.isOver(step);
      const stop = isOver && (end === steps || this.best?.stoppedEarly) ? null : job.stopRequest() ?? (step === job.until ? 'save' : null);
      if (stop !== 'discard' && (stop === 'save' || isOver || isBest || step % checkpoint.every === 0)) await this.save(built, step);
      if (stop !== null) return await this.stopped();
    }
    if (end < steps) return null;
    if (this.best === null) await this.evaluate(built, steps);
    // A run that was cut off while it removed old checkpoints leaves as many as any other.
    else await this.prune();
    const { path } = (await listCheckpoints(this.folder.checkpoints)).at(-1)!;
    this.tellOutcome(step === steps);
    const early = step < steps ? this.best?.stoppedEarly : null;
    job.emit({ event: 'done', step, checkpoint: path, ...this.bestField, ...(early && { stoppedEarly: early }) });
    return { status: 'done', step, checkpoint: path };
  }

  /**
   * A step that the teacher's server kept from being made has changed nothing yet, so that what was learned before it can be saved.
   * @returns null where the run was asked to stop meanwhile. @throws what ended the step otherwise
   */
  private async leave(error: unknown, built: BuiltRun, step: number, baseline: BaselineState | null): Promise<null> {
    if (!built.teacher?.outage?.hasCaused(error)) throw error;
    const last = (await listCheckpoints(this.folder.checkpoints)).at(-1)?.step ?? 0;
    if (step > last && this.job.stopRequest() !== 'discard') await this.save(built, step, baseline);
    if (error instanceof TeacherAway) return null;
    throw error;
  }

  private tellOutcome(isWhole: boolean): void {
    this.job.emit({ event: 'outcome', outcome: this.expectation.outcome(isWhole, performance.now()) });
  }

  /** Of every stage, as they were chosen when the run began. */
  private get microBatchSizes(): readonly number[] {
    const state = this.begun.start?.state;
    return state?.stageMicroBatchSizes ?? (state ? [state.microBatchSize] : this.whole.stages.map(({ microBatchSize }) => microBatchSize));
  }

  /** Whether a stage that has come to this step makes no more. */
  private isOver(step: number): boolean {
    return step >= this.prepared.first + this.prepared.steps || (this.best?.stoppedEarly ?? null) !== null;
  }

  /** The best evaluation so far as events tell it; nothing where there is none. */
  private get bestField(): { best?: BestScore } {
    const best = this.best?.score;
    return best ? { best } : {};
  }

  private async prune(): Promise<void> {
    await pruneCheckpoints(this.folder.checkpoints, this.prepared.recipe.checkpoint.keep, this.best?.score?.step ?? null);
  }

  private async stopped(): Promise<RunOutcome> {
    const last = (await listCheckpoints(this.folder.checkpoints)).at(-1) ?? null;
    this.tellOutcome(false);
    const outcome = { step: last?.step ?? 0, checkpoint: last?.path ?? null };
    this.job.emit({ event: 'stopped', ...outcome });
    return { status: 'stopped', ...outcome };
  }

  private async tell({ metrics, rollouts }: StepResult<RunExample>, { teacher }: BuiltRun): Promise<void> {
    const { job, prepared: { validation, student: { tokenizer } } } = this;
    this.totalTokens = metrics.totalTokens;
    if (rollouts.length > 0) {
      job.emit({
        event: 'rollouts',
        rollouts: rollouts.map(({ asked, ...rollout }): Rollout => ({
          ...rollout, prompt: asked.promptText, completion: tokenizer.decode(rollout.tokens, { skipSpecial: true }),
        })),
      });
    }
    this.told.step(metrics);
    job.emit({ event: 'step', ...metrics });
    const totalMs = this.expectation.stepped(metrics.step, metrics.stepMs, performance.now());
    if (totalMs !== null) job.emit({ event: 'pace', totalMs });
    // Where nothing is held out, what it writes in training is all there is to see.
    const warnings = validation.count > 0 || rollouts.length === 0 ? [] : await this.writing.wrote(metrics.step, rollouts.map(({ asked, tokens, ended }) => (
      { asked, tokens, ended, text: tokenizer.decode(tokens, { skipSpecial: true }) })), teacher);
    for (const warning of [...warnings, ...this.guard.watch(metrics, rollouts), this.covered.watch(metrics) ?? [], skippedStep(metrics) ?? []].flat()) job.emit({ event: 'warning', ...warning });
  }

  private async save(built: BuiltRun, step: number, baseline = built.rewardBaseline?.state ?? null): Promise<void> {
    const { job, whole: { lengths }, prepared, folder } = this;
    job.emit({ event: 'phase', phase: 'checkpoint', done: 0, total: 1 });
    const sizes = this.microBatchSizes;
    const state: CheckpointState = {
      step, totalTokens: this.totalTokens, lossScale: built.trainer.lossScaleState, microBatchSize: sizes[prepared.number - 1]!, ...(sizes.length > 1 && { stageMicroBatchSizes: [...sizes] }), ...lengths,
      threads: this.begun.threads, device: prepared.recipe.student.device, textVersion: TEXT_VERSION, rewardBaseline: baseline, ...this.best?.state,
    };
    await this.files.sync();
    const path = await publishCheckpoint(folder.checkpoints, step, async (place) => {
      await writeCheckpoint(place, prepared, built.optimizer, state);
      await this.told.write(place);
    });
    await this.prune();
    await built.teacher?.saved?.(step, (await listCheckpoints(folder.checkpoints))[0]!.step);
    job.emit({ event: 'checkpoint', step, path, ...this.bestField });
  }

  /** @returns whether training made this the best evaluation so far, which deserves a checkpoint. */
  private async evaluate(built: BuiltRun, step: number): Promise<boolean> {
    const { job, prepared, prepared: { recipe, validation } } = this;
    const examples = await firstExamples(validation, recipe.evaluate.examples);
    if (examples.length === 0) return false;
    const begun = performance.now();
    let texts: OwnText[] = [];
    const answers = await this.teacherAnswers.of(prepared, built.teacher, examples);
    const evaluation = await evaluateRun(prepared, built, step, examples, answers, {
      onProgress: (done, total) => job.emit({ event: 'phase', phase: 'evaluate', done, total }),
      onTexts: (written) => { texts = written; },
    });
    this.told.evaluation(evaluation);
    job.emit({ event: 'evaluation', ...evaluation });
    this.expectation.evaluated(performance.now() - begun);
    const answered = texts.map((text, at) => ({ ...text, asked: examples[at]! }));
    for (const warning of await this.writing.evaluated(answered, evaluation, built.teacher)) job.emit({ event: 'warning', ...warning });
    return this.best?.watch(evaluation) ?? false;
  }
}
