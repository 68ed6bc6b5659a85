/** What a new run will take, measured on this machine by a few steps and an evaluation of a few examples. Times in milliseconds. */
export interface Forecast {
  /** Steps measured, and steps the run will have. */
  steps: number;
  totalSteps: number;
  parameters: number;
  microBatchSize: number;
  /** Reading the models, and what the first step takes longer than the others. */
  startMs: number;
  stepMs: number;
  /** Null where nothing is held out. */
  evaluation: ForecastEvaluation | null;
  /** Start, all steps and all evaluations; writing checkpoints is not in it, nor what a teacher writes first. */
  totalMs: number;
  /** Whether the teacher writes all texts that are learned before the first step. */
  isTeacherFirst: boolean;
  /** Bytes resident at the peak of the measured steps. */
  memory: number;
  /** Bytes its checkpoints will take, and bytes free there. */
  diskNeeded: number;
  diskFree: number;
}

export interface ForecastEvaluation {
  /** How often a run to its last step evaluates: before it, between steps as the recipe says, and after it. */
  times: number;
  /** Examples of each evaluation, and how many of them were measured. */
  examples: number;
  measured: number;
  /** One evaluation of all examples. */
  ms: number;
  /** The teacher's own answers, written once; 0 without a teacher. */
  teacherMs: number;
}
