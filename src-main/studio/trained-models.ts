import type { KnownModel } from '../contract/api/api.ts';
import type { ModelDescription } from '../contract/model-description.ts';
import { toReport, type ProblemReport } from '../contract/problem.ts';
import { listRuns } from '../store/runs.ts';
import type { Database } from '../store/sqlite.ts';
import { listCheckpoints, modelOf } from '../run-folder/checkpoint-folder.ts';
import { runPaths } from '../run-folder/run-folder.ts';

type Described = { description: ModelDescription; problem: null } | { description: null; problem: ProblemReport };

/** The students of all runs at their checkpoints, as models like any other: the newest run first, its last checkpoint first. */
export class TrainedModels {
  readonly #database: Database;
  readonly #describe: (path: string) => Promise<ModelDescription>;
  /** By what the run began with: training changes no size and no tokenizer. */
  readonly #described = new Map<string, Promise<Described>>();

  constructor(database: Database, describe: (path: string) => Promise<ModelDescription>) {
    this.#database = database;
    this.#describe = describe;
  }

  async list(): Promise<KnownModel[]> {
    const runs = await listRuns(this.#database);
    const all = await Promise.all(runs.map(async (run) => {
      const name = runs.some((other) => other.id !== run.id && other.name === run.name) ? `${run.name}, ${minuteOf(run.created)}` : run.name;
      const checkpoints = (await listCheckpoints(runPaths(run.runDir).checkpoints)).reverse();
      return Promise.all(checkpoints.map(async ({ step, path }): Promise<KnownModel> => ({
        path: modelOf(path), name: `${name} · step ${step}`, added: run.updated, isOwn: false, origin: null,
        checkpoint: { runId: run.id, step, isBest: run.best?.step === step }, ...await this.#look(run.recipe.student.model, modelOf(path)),
      })));
    }));
    return all.flat();
  }

  async #look(student: string, path: string): Promise<Described> {
    const known = this.#described.get(student) ?? this.#describe(path).then(
      (description): Described => ({ description, problem: null }), (error: unknown): Described => ({ description: null, problem: toReport(error) }));
    this.#described.set(student, known);
    const found = await known;
    // Another try another time: the folder may have been on its way out.
    if (!found.description) this.#described.delete(student);
    return found.description ? { description: { ...found.description, path }, problem: null } : found;
  }
}

/** When a run was made, for one that shares its name with another: `2026-11-29 08:46`, by this machine's clock. */
function minuteOf(milliseconds: number): string {
  const at = new Date(milliseconds);
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${two(at.getHours())}:${two(at.getMinutes())}`;
}
