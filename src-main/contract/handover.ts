/** What trained a run, where it was not Retort itself. */
export interface Engine {
  name: string;
  version: string;
  /** How many processes shared every batch. */
  processes: number;
  /** What they computed on, in the words of the machine. */
  device: string;
  /** The libraries under it, with their versions. */
  with: Record<string, string>;
}

/** A recipe that was handed over. */
export interface Handover {
  folder: string;
  /** In what the training there differs from a run here, one sentence each. */
  differences: string[];
  /** Examples that went with it: to learn from, those of all stages together, and held out. */
  examples: number;
  heldOut: number;
  stages: number;
}

/** "52 examples to learn from in 2 stages, 6 held out", in the numbers of who tells it. */
export const handedText = ({ examples, heldOut, stages }: Handover, count: (number: number) => string = String): string =>
  `${count(examples)} examples to learn from${stages > 1 ? ` in ${stages} stages` : ''}, ${count(heldOut)} held out`;

/** Of a training elsewhere that has not said its first word. */
export const UNBEGUN: Engine = { name: 'TRL', version: '', processes: 1, device: '', with: {} };

export const hasBegun = ({ version }: Engine): boolean => version !== '';

/** In a few words for lists and facts: "TRL 1.16.0, 8 processes on NVIDIA H100". */
export const engineText = (engine: Engine): string => {
  const { name, version, processes, device } = engine;
  return hasBegun(engine) ? `${name} ${version}, ${processes === 1 ? 'one process' : `${processes} processes`} on ${device}` : `${name}, which has not begun yet`;
};
