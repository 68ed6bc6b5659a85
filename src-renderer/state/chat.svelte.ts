import type { ChatAnswer } from '../../src-main/contract/api/chat-calls.ts';
import { MOST_TALKING } from '../../src-main/contract/api/chat-calls.ts';
import type { ChatTurn, TemplateVariables } from '../../src-main/contract/chat-turn.ts';
import type { DecodeInput } from '../../src-main/contract/recipe.ts';
import { decodeSchema } from '../../src-main/contract/recipe.ts';
import type { Bridge } from '../bridge/bridge.ts';

/** How answers are written, as the form has it: empty fields are left to the model. */
export interface ChatSettings {
  system: string;
  /** JSON of the chat template's own switches. */
  template: string;
  /** Whether the text itself goes on, without a chat template. */
  plain: boolean;
  samples: boolean;
  temperature: number;
  topP: number | null;
  topK: number | null;
  minP: number | null;
  repetitionPenalty: number;
  maxNewTokens: number;
  seed: number;
}

/** An answer as the page has it: whole, or as far as it came. */
export type Answered = Partial<Omit<ChatAnswer, 'text'>> & { text: string; problem?: { message: string; hint?: string | undefined } };
/** What a person said, and by the path of each model what it answered. */
export interface ChatRound { asked: string; answers: Record<string, Answered> }

interface Kept { models: string[]; settings: ChatSettings; rounds: ChatRound[] }

const KEY = 'retort.chat';
const SETTINGS: ChatSettings = {
  system: '', template: '', plain: false, samples: false, temperature: 1, topP: null, topK: null, minP: null, repetitionPenalty: 1, maxNewTokens: 256, seed: 0,
};

/** A conversation with one to four models, each of which goes on from its own answers. It survives a reload. */
export class ChatState {
  models = $state.raw<readonly string[]>([]);
  settings = $state<ChatSettings>({ ...SETTINGS });
  rounds = $state.raw<readonly ChatRound[]>([]);
  /** Ids of the answers that are being written, by model, and their texts so far. */
  going = $state.raw<Readonly<Record<string, { id: string; text: string }>>>({});
  private readonly bridge: Bridge;
  private readonly hasTemplate: (model: string) => boolean;

  /** @param hasTemplate  whether a model can take turns; one that cannot goes on from the text itself */
  constructor(bridge: Bridge, hasTemplate: (model: string) => boolean) {
    this.bridge = bridge;
    this.hasTemplate = hasTemplate;
    const kept = readKept();
    if (!kept) return;
    this.models = kept.models;
    this.settings = { ...SETTINGS, ...kept.settings };
    this.rounds = kept.rounds;
  }

  /** Takes in answers as they grow, until the returned function is called. */
  follow(): () => void {
    return this.bridge.subscribe((message) => {
      if (message.topic !== 'chat') return;
      const found = Object.entries(this.going).find(([, { id }]) => id === message.id);
      if (found) this.going = { ...this.going, [found[0]]: { id: message.id, text: message.text } };
    });
  }

  get isGoing(): boolean {
    return Object.keys(this.going).length > 0;
  }

  /** @returns whether there was room for it */
  addModel(path: string): boolean {
    if (this.models.includes(path)) return true;
    if (this.models.length >= MOST_TALKING) return false;
    this.models = [...this.models, path];
    this.keep();
    return true;
  }

  removeModel(path: string): void {
    this.models = this.models.filter((model) => model !== path);
    this.keep();
  }

  /** Says something to all models; settles when all have answered. @throws where the settings are no settings */
  async ask(text: string): Promise<void> {
    // What cannot be asked is refused before it stands in the conversation.
    this.asked('');
    this.rounds = [...this.rounds, { asked: text, answers: {} }];
    this.keep();
    await Promise.all(this.models.map((model) => this.answer(this.rounds.length - 1, model)));
  }

  /** Has one model answer its last turn anew. */
  async again(model: string): Promise<void> {
    this.settings.seed += this.settings.samples ? 1 : 0;
    await this.answer(this.rounds.length - 1, model);
  }

  /** Whether a model goes on from the text itself. */
  isPlain(model: string): boolean {
    return this.settings.plain || !this.hasTemplate(model);
  }

  stop(): void {
    for (const { id } of Object.values(this.going)) void this.bridge.call('chat.stop', { id });
  }

  clear(): void {
    this.stop();
    this.rounds = [];
    this.keep();
  }

  keep(): void {
    try {
      localStorage.setItem(KEY, JSON.stringify({ models: this.models, settings: this.settings, rounds: this.rounds }));
    } catch {
      // A store that is full or forbidden keeps nothing; the page goes on.
    }
  }

  /** The conversation before an answer, as that model had it: where it did not answer yet, what another one did. */
  messages(round: number, model: string): ChatTurn[] {
    const { system } = this.settings;
    const turns: ChatTurn[] = system.trim() === '' ? [] : [{ role: 'system', content: system }];
    for (const { asked, answers } of this.rounds.slice(0, round)) {
      const said = answers[model] ?? Object.values(answers)[0];
      turns.push({ role: 'user', content: asked }, { role: 'assistant', content: said?.text ?? '' });
    }
    return [...turns, { role: 'user', content: this.rounds[round]!.asked }];
  }

  /** How an answer is asked for, by the form. @throws Error where the template's switches are no JSON object */
  asked(model: string): { plain: boolean; template?: TemplateVariables; decode: DecodeInput; maxNewTokens: number; seed: number } {
    const { template, samples, temperature, topP, topK, minP, repetitionPenalty, maxNewTokens, seed } = this.settings;
    const plain = this.isPlain(model);
    const penalty = repetitionPenalty === 1 ? {} : { repetitionPenalty };
    const cuts = { ...(topP !== null && { topP }), ...(topK !== null && { topK }), ...(minP !== null && { minP }) };
    return {
      plain, maxNewTokens, seed: samples ? seed : 0,
      decode: samples ? { strategy: 'sample', temperature, ...cuts, ...penalty } : { strategy: 'greedy', ...penalty },
      ...(!plain && template.trim() !== '' && { template: variablesIn(template) }),
    };
  }

  private async answer(round: number, model: string): Promise<void> {
    const id = crypto.randomUUID();
    this.going = { ...this.going, [model]: { id, text: '' } };
    let answered: Answered;
    try {
      const { decode, ...how } = this.asked(model);
      answered = await this.bridge.call('chat.answer', { id, model, messages: this.messages(round, model), ...how, decode: decodeSchema.parse(decode) });
    } catch (error) {
      const { message, hint } = error as { message: string; hint?: string };
      answered = { text: this.going[model]?.text ?? '', problem: { message, hint } };
    }
    const { [model]: _, ...others } = this.going;
    this.going = others;
    this.rounds = this.rounds.map((one, at) => (at === round ? { ...one, answers: { ...one.answers, [model]: answered } } : one));
    this.keep();
  }
}

function variablesIn(text: string): TemplateVariables {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = null;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error('The template\'s switches are a JSON object, for example {"enable_thinking": false}.');
  return value as TemplateVariables;
}

function readKept(): Kept | null {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY) ?? 'null') as Partial<Kept> | null;
    return kept && Array.isArray(kept.models) && Array.isArray(kept.rounds) && typeof kept.settings === 'object' ? kept as Kept : null;
  } catch {
    return null;
  }
}
