import { Problem } from '../../../contract/problem.ts';
import { chatAnswer } from '../../../remote/chat.ts';
import type { OpenedServer } from '../../../remote/open-server.ts';
import { patiently, SHORT } from '../../../remote/patience.ts';
import { TELLING_TEXTS, writable } from '../../../remote/same-tokens.ts';
import { serverName } from '../../../remote/server.ts';
import { agree, folderOfModel, keepWitness, readWitness, witnessOf, type Witness } from '../../../teacher/served/witness.ts';
import type { PreparedRun } from '../look/prepare.ts';

/** Tokens that a model is recognized by, at the most. */
const LENGTH = 64;
/** Tokens that it writes for it. */
const WRITTEN = 16;

type Ask = (before: Witness | null) => Promise<Witness>;

type Run = Pick<PreparedRun, 'student' | 'sharedVocabulary' | 'method' | 'eos'>;

/** Asks a server for what its model is recognized by, in the way in which the run asks it: once for each text. */
function asking({ server, model, tokens }: OpenedServer, { student: { tokenizer }, sharedVocabulary, method, eos }: Run): Ask {
  const cut = (text: string): number[] => tokenizer.encode(text, { special: false });
  const known = writable(TELLING_TEXTS, cut, (ids) => tokenizer.decode(ids, { skipSpecial: false })).flatMap(cut);
  const length = Math.min(LENGTH, (model.contextLength ?? LENGTH + 1) - 1);
  // A tokenizer of few tokens writes none of these texts.
  const usual = (known.length >= 8 ? known : Array.from({ length }, (_, at) => at % sharedVocabulary)).slice(0, length);
  const asked = new Map<string, Promise<Witness>>();
  return (before) => {
    const ids = before && 'ids' in before ? before.ids : usual;
    const name = ids.join();
    const now = asked.get(name) ?? patiently(SHORT, undefined, async (): Promise<Witness> => {
      if (tokens && method.divergence !== 'cross_entropy') return witnessOf(ids, (await tokens.judge([{ ids, from: 1 }]))[0]!);
      const settings = { maxTokens: WRITTEN, temperature: 0, seed: 0 };
      if (tokens) return { text: (await tokens.write([ids.slice(0, 8)], { ...settings, eos: [...eos] }))[0]!.tokens.join(' ') };
      return { text: (await chatAnswer(server, model.id, [{ role: 'user', content: 'Count from 1 to 20.' }], settings)).text };
    });
    asked.set(name, now);
    return now;
  };
}

interface Place {
  /** Folder of what is kept of models of this name. */
  base: string;
  /** Folder in which the run notes what its model is recognized by. */
  begun: string;
  isResumed: boolean;
  allowChanged: boolean;
  tell(message: string): void;
}

/**
 * The folder of the answers of the model that a server has now, which may not be the one that it had under this name before.
 * @throws Problem where a run that goes on began with another one, unless it may
 */
export async function folderOfServed(opened: OpenedServer, run: Run, { base, begun: place, isResumed, allowChanged, tell }: Place): Promise<string> {
  const ask = asking(opened, run);
  const who = `${serverName(opened.server)} answers as another model than it did under the name "${opened.model.id}"`;
  const doubt = `${serverName(opened.server)} writes something else to the same question under the name "${opened.model.id}" than it did`;
  const begun = isResumed ? await readWitness(place) : null;
  if (begun === null) await keepWitness(place, await ask(null));
  else if (!agree(begun, await ask(begun))) {
    if ('text' in begun) tell(`${doubt} when this run began. If another model has that name now, the run learns from that one from here on.`);
    else if (!allowChanged) {
      throw new Problem(`${who} when this run began.`, { hint: 'Put the model back that it began with, or go on all the same: retort resume RUN --changed. Its result is then no longer that of its recipe.' });
    } else {
      tell(`${who} when this run began, and the run learns from that one from here on.`);
      await keepWitness(place, await ask(begun));
    }
  }
  const { folder, model } = await folderOfModel(base, ask);
  if (model === 'another') tell(`${who} before. What that one said is kept for itself, and everything is asked anew.`);
  if (model === 'doubtful') tell(`${doubt} before, of which texts are kept. If another model has that name now, delete ${folder}.`);
  return folder;
}
