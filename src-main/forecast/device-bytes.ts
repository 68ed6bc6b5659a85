import type { DeviceForecast, MemoryForecast } from '../contract/forecast.ts';
import type { Recipe } from '../contract/recipe.ts';

type Parts = MemoryForecast['parts'];

/** What of a run would lie on the host if all of it were there, by who takes it. */
export interface Whole { parts: Parts; /** Of what is trained alone. */ trained: number; /** Of what stays as it is beside that, and of that what evaluations multiply by. */ beside: { all: number; head: number }; learning: number; judging: number; /** Of the device's programs, by all that it computes of a step. */ there: number; /** Of all that a teacher thinks of a step's texts. */ handed: number; /** Of a teacher, what the loss multiplies by. */ head: number; /** Whether a step is one micro-batch. */ isInOne: boolean; /** Whether a teacher's output layer stays where the rest of it goes. */ comesAndGoes: boolean }

/** Rows that have not ended move to a cache of half the size before theirs goes. */
const LEAVING = 1.5;
/** Programs for other shapes of batch keep their small constants among what the largest leaves behind. */
const CONSTANTS = 1.02;
/** Trained weights lie in the optimizer's buffers, and once more as graphs read them. */
const COPIES = 2;

/** What a run takes of the host where a device computes, and of that device; null where none does. */
export function withDevice({ student, teacher }: Pick<Recipe, 'student' | 'teacher'>, { parts, trained, beside, learning, judging, there: held, handed, head, isInOne, comesAndGoes }: Whole): { host: Pick<Whole, 'parts' | 'learning' | 'judging'>; device: DeviceForecast | null } {
  const learns = student.device !== 'cpu';
  const judges = teacher !== undefined && teacher.device !== 'cpu' && parts.teacher + judging > 0;
  if (!learns && !judges) return { host: { parts, learning, judging }, device: null };
  const here = { learning: learns ? 0 : learning, judging: judges ? 0 : judging };
  const host: Parts = {
    ...parts,
    // What is not trained is brought there weight by weight; the host reads back what evaluations multiply by.
    weights: learns ? parts.weights - beside.all + beside.head : parts.weights, teacher: judges ? Math.min(parts.teacher, head) : parts.teacher,
    gradients: learns ? 0 : parts.gradients, moments: learns ? 0 : parts.moments, activations: Math.max(here.learning, here.judging),
    decoding: learns ? 0 : parts.decoding, cache: learns ? 0 : parts.cache,
  };
  const there: Parts = {
    weights: learns ? parts.weights + (COPIES - 1) * trained : 0,
    // A second set, where micro-batches add up.
    gradients: learns ? (isInOne ? 1 : 2) * parts.gradients : 0,
    moments: learns ? parts.moments : 0, teacher: judges ? parts.teacher + (learns && comesAndGoes ? head : 0) : learns ? head : 0, runtime: 0,
    activations: Math.round(CONSTANTS * held) + (learns ? handed : 0),
    decoding: 0, cache: learns ? LEAVING * parts.cache : 0,
  };
  // What a device's programs have once had they keep.
  const always = there.weights + there.gradients + there.moments + there.teacher;
  return {
    host: { parts: host, ...here },
    device: { name: learns ? student.device : teacher!.device, parts: there, peak: always + there.activations + there.cache },
  };
}
