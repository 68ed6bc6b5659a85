import type { EncodedExample } from '../../../text/encoded-example.ts';
import type { PreparedRun } from '../look/prepare.ts';
import type { RunTeacher } from '../teacher/run-teacher.ts';
import { answersOfTeacher } from './evaluate-run.ts';

/** What a run's teacher answers to held-out examples. It does not change, so it answers once for all evaluations that ask alike. */
export class TeacherAnswers {
  private told: Promise<string[] | null> | null = null;

  /** @returns null without a teacher */
  async of(run: PreparedRun, teacher: RunTeacher | null, examples: readonly EncodedExample[]): Promise<string[] | null> {
    // A stage without a teacher had no answers of it.
    if (teacher && await this.told === null) this.told = null;
    this.told ??= answersOfTeacher(run, teacher, examples);
    return this.told;
  }

  /** For a stage that asks otherwise. */
  forget(): void {
    this.told = null;
  }
}
