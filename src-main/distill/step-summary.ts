import type { Rollout, StepMetrics } from '../contract/events.ts';
import { learnedCount, type MicroBatch, type TrainingExample } from './batch.ts';
import type { Lesson } from './learner.ts';

type Told = Pick<StepMetrics, 'loss' | 'divergenceOnPolicy' | 'divergenceOffPolicy' | 'studentEntropy' | 'teacherEntropy'
  | 'agreement' | 'teacherCovered' | 'teacherCompared' | 'onPolicyShare' | 'rolloutLength' | 'completionTokens'>;

/** A running mean that is null while it is empty. */
class Mean {
  private sum = 0;
  private count = 0;

  add(value: number): void {
    this.sum += value;
    this.count++;
  }

  get value(): number | null {
    return this.count === 0 ? null : this.sum / this.count;
  }
}

/** Gathers what the micro-batches of one step tell into the step's metrics; means are over tokens. */
export class StepSummary {
  private readonly examples: readonly TrainingExample[];
  private readonly divergences: (readonly number[])[];
  private loss = 0;
  private readonly onPolicy = new Mean();
  private readonly offPolicy = new Mean();
  private readonly studentEntropy = new Mean();
  private readonly teacherEntropy = new Mean();
  private readonly agreement = new Mean();
  private readonly teacherCovered = new Mean();
  private readonly compared = new Mean();

  constructor(examples: readonly TrainingExample[]) {
    this.examples = examples;
    this.divergences = examples.map(() => []);
  }

  add({ spans }: MicroBatch, { loss, told }: Lesson): void {
    this.loss += loss;
    const divergence = told('divergence')!;
    const entropy = told('studentEntropy')!;
    const means: [Mean, Float32Array | null][] = [
      [this.teacherEntropy, told('teacherEntropy')],
      [this.agreement, told('agreement')],
      [this.teacherCovered, told('teacherCovered')],
    ];
    for (const { example, start, end } of spans) {
      this.divergences[example] = [...divergence.subarray(start, end)];
      const { isOnPolicy, compared } = this.examples[example]!;
      const ofPolicy = isOnPolicy ? this.onPolicy : this.offPolicy;
      for (let at = start; at < end; at++) {
        this.studentEntropy.add(entropy[at]!);
        if (compared) this.compared.add(compared[at - start]!);
        // There the teacher has said nothing.
        if (compared?.[at - start] === 0) continue;
        ofPolicy.add(divergence[at]!);
        for (const [mean, values] of means) if (values) mean.add(values[at]!);
      }
    }
  }

  finish(): Told {
    const own = this.examples.filter((example) => example.isOnPolicy);
    const tokens = (examples: readonly TrainingExample[]): number =>
      examples.reduce((sum, example) => sum + learnedCount(example), 0);
    return {
      loss: this.loss,
      divergenceOnPolicy: this.onPolicy.value,
      divergenceOffPolicy: this.offPolicy.value,
      studentEntropy: this.studentEntropy.value ?? 0,
      teacherEntropy: this.teacherEntropy.value,
      agreement: this.agreement.value,
      teacherCovered: this.teacherCovered.value,
      teacherCompared: this.compared.value,
      onPolicyShare: own.length / this.examples.length,
      rolloutLength: own.length > 0 ? tokens(own) / own.length : null,
      completionTokens: tokens(this.examples),
    };
  }

  /** What the student wrote, with the divergence of every token. */
  rollouts(step: number, ended: readonly boolean[]): Omit<Rollout, 'prompt' | 'completion'>[] {
    const own = this.examples.flatMap((example, at) => (example.isOnPolicy ? [{ example, at }] : []));
    return own.map(({ example, at }, order) => ({
      step, example: example.index, tokens: [...example.completion], divergence: [...this.divergences[at]!], ended: ended[order]!,
    }));
  }
}
