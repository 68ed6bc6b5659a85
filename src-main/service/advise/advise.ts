import type { Advice, AdviceReport, MeasuredStage, Measurement } from '../../contract/advice.ts';
import type { Finding } from '../../contract/finding.ts';
import { permutation } from '../../contract/random.ts';
import type { Commands } from '../../contract/worker.ts';
import type { CommandEvent, Params } from '../../contract/worker-host.ts';
import { checkRun } from '../run/look/check.ts';
import { prepareStages, type PreparedStage } from '../run/stages/prepare-stages.ts';
import { inStage, StageFindings } from '../run/stages/stage-findings.ts';
import { abilityOf } from './ability.ts';
import type { Facts } from './facts.ts';
import { measureRun, partsOf } from './measure-run.ts';
import { measurementsOf } from './measurements.ts';
import { RULES, RULES_OF_TEACHING } from './rules/list.ts';
import { stageStarts, type StageStart } from './stage-starts.ts';

type Tell = (event: CommandEvent<Commands, 'advise'>) => void;

/** What was found of one stage, or of a recipe without stages. */
interface Advised { stage: PreparedStage; rows: MeasuredStage; facts: Facts; told: Advice[] }

/**
 * Measures teacher, student and data of a recipe on a few rows, in memory, and says what to change before a run: each stage by its
 * own method, texts and metrics.
 */
export async function adviseRun(
  { recipe, runDir, begunIn, rows, allowed, serverKey }: Params<Commands, 'advise'>, signal: AbortSignal, emit: Tell,
): Promise<AdviceReport> {
  const found = await checkRun(recipe, runDir, { signal, isStart: true, allowed, serverKey });
  if (found.some(({ level }) => level === 'problem')) return { rows: 0, of: 0, whose: 'training', measured: [], advice: problemsFirst(found.map(unmeasured)) };
  const { stages } = await prepareStages(recipe, runDir, { allowed, signal, serverKey });
  const starts = await stageStarts(stages, begunIn ?? null);
  const words = new StageFindings(recipe);
  const advised: Advised[] = [];
  for (const [at, stage] of stages.entries()) {
    const tell = (done: number, parts: number): void => emit({ event: 'phase', phase: 'evaluate', done: at * parts + done, total: stages.length * parts });
    advised.push(await inStage(stage, () => adviseStage(stage, starts[at]!, { rows, share: 1 / stages.length, words, signal, tell })));
  }
  const [first] = advised;
  return {
    rows: first!.rows.rows, of: first!.rows.of, whose: first!.rows.whose,
    ...(recipe.stages && { stages: advised.map((one) => one.rows) }),
    measured: advised.flatMap(numbersOf),
    advice: problemsFirst([...advised.flatMap(({ told }) => told), ...found.filter((finding) => !isAnswered(finding, advised)).map(unmeasured)]),
  };
}

interface Asked { rows: number; share: number; words: StageFindings; signal: AbortSignal; tell(done: number, parts: number): void }

async function adviseStage(stage: PreparedStage, { from, step }: StageStart, { rows, share, words, signal, tell }: Asked): Promise<Advised> {
  const { recipe, validation, train, name, number } = stage;
  const isHeldOut = validation.count > 0;
  const set = isHeldOut ? validation : train;
  const examples = await set.read([...permutation(set.count, recipe.seed, { purpose: 'advice' }).subarray(0, rows)]);
  const isItself = step !== null;
  const facts = await measureRun(stage, examples, { from, isItself, share, signal, tell: (done) => tell(done, partsOf(examples.length)) });
  const told = (isItself ? RULES : RULES_OF_TEACHING).flatMap((rule) => rule(facts));
  return {
    stage, facts, rows: { name: name ?? '', step, rows: facts.rows, of: set.count, whose: isHeldOut ? 'held-out' : 'training' },
    told: told.flatMap(({ measured, ...finding }) => words.of(number - 1, finding).map((one): Advice => ({ ...one, measured: measured.map((of) => nameIn(stage, of)) }))),
  };
}

/** Of several stages each has its own of every number. */
const nameIn = ({ name, number }: PreparedStage, measurement: string): string => (name === null ? measurement : `stages.${number - 1}.${measurement}`);

function numbersOf({ stage, facts }: Advised): Measurement[] {
  return measurementsOf(facts).map((one) => ({ ...one, name: nameIn(stage, one.name), ...(stage.name !== null && { stage: stage.name }) }));
}

const unmeasured = (finding: Finding): Advice => ({ ...finding, measured: [] });
const problemsFirst = (advice: readonly Advice[]): Advice[] => [...advice.filter(({ level }) => level === 'problem'), ...advice.filter(({ level }) => level !== 'problem')];

/** What a check supposes, and measuring knows. */
function isAnswered({ code, field }: Finding, advised: readonly Advised[]): boolean {
  if (code === 'cut-student') return true;
  if (code !== 'unread-completions') return false;
  const { facts, rows } = advised.find(({ stage }) => field?.startsWith(nameIn(stage, ''))) ?? advised[0]!;
  return rows.step !== null && ['good', 'middling'].includes(abilityOf(facts).ability);
}
