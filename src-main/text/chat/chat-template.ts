import type { ChatTurn, TemplateVariables } from '../../contract/chat-turn.ts';
import { Problem } from '../../contract/problem.ts';
import { TEMPLATE_FILES, TOOL_USE } from '../../contract/template-files.ts';
import { isJsonObject, type JsonObject } from '../../files/json-object.ts';
import { inFolder, type Companions } from '../companions.ts';
import { compileJinja, TemplateFault, type CompiledTemplate, type Rendered } from './jinja.ts';
import type { Span } from './marked-text.ts';
import { readSpecialTexts } from '../tokenizer/special-tokens.ts';

export interface RenderOptions { addGenerationPrompt: boolean; tools?: readonly unknown[] | null; variables?: TemplateVariables | undefined; /** What `strftime_now` tells; the clock where it is left out. */ today?: Date | undefined }

/** A model's own way of writing a conversation as text. */
export class ChatTemplate {
  /** The template itself, in Jinja. */
  readonly source: string;
  /** The one for conversations with tools, where the model has such a one. */
  readonly withTools: ChatTemplate | null;
  private readonly folder: string;
  private readonly template: CompiledTemplate;
  /** Whether it says anywhere what a model generates. */
  private readonly marks: boolean;
  private readonly variables: Readonly<Record<string, string>>;

  /**
   * Throws a `Problem` if the template is not valid Jinja. `variables`: texts of the special tokens by their role.
   * `toolUse`: another template for conversations with tools.
   */
  constructor(folder: string, source: string, variables: Readonly<Record<string, string>>, toolUse: string | null = null) {
    this.folder = folder;
    this.source = source;
    this.variables = variables;
    this.withTools = toolUse === null ? null : new ChatTemplate(folder, toolUse, variables);
    try {
      this.template = compileJinja(source);
      this.marks = /\{%[-+]?\s*generation\b/.test(source);
    } catch (cause) {
      throw this.failed('cannot be read', cause);
    }
  }

  /**
   * The conversation as text, special tokens included: encode it without adding any.
   * @param addGenerationPrompt whether to end with what opens the assistant's turn.
   */
  render(messages: readonly ChatTurn[], options: RenderOptions): string {
    return this.run(messages, options).text;
  }

  /** The conversation with what the template marks by `{% generation %}`; null where it marks nothing, or in a place that is not known. */
  renderMarked(messages: readonly ChatTurn[], options: RenderOptions): { text: string; spans: Span[] } | null {
    if (!(options.tools && this.withTools ? this.withTools : this).marks) return null;
    const { text, generated } = this.run(messages, options);
    return generated && generated.length > 0 ? { text, spans: [...generated] } : null;
  }

  get name(): string {
    return `The chat template of ${this.folder}`;
  }

  /** All that it is written in: what has the same sources writes the same texts. */
  get sources(): readonly string[] {
    return [this.source, ...this.withTools?.sources ?? []];
  }

  private run(messages: readonly ChatTurn[], options: RenderOptions): Rendered {
    const { addGenerationPrompt, tools = null, variables, today } = options;
    if (tools !== null && this.withTools) return this.withTools.run(messages, options);
    try {
      // Templates ask whether tools and documents are none, so they must be there.
      return this.template.render({ ...this.variables, messages: messages.map(withoutNulls).map(withReasoning), tools, documents: null, add_generation_prompt: addGenerationPrompt, ...variables }, today);
    } catch (cause) {
      throw this.failed('refuses the messages', cause);
    }
  }

  private failed(what: string, cause: unknown): Problem {
    const isBound = cause instanceof TemplateFault && cause.kind === 'bound';
    return new Problem(`the chat template of ${this.folder} ${isBound ? 'asks for too much' : what}: ${cause instanceof Error ? cause.message : String(cause)}.`, { cause });
  }
}

/** What is null is not there, as in Transformers 5: many templates would write "None", or read it as a list. */
function withoutNulls(turn: ChatTurn): ChatTurn {
  return Object.fromEntries(Object.entries(turn).filter(([, value]) => value !== null)) as ChatTurn;
}

/** Reasoning by every name that templates read it by, as Transformers 5 gives it to them. */
function withReasoning(turn: ChatTurn): ChatTurn {
  const reasoning = ['reasoning_content', 'thinking', 'reasoning'].map((name) => turn[name]).find((value) => value !== null && value !== undefined);
  return reasoning === undefined ? turn : { thinking: reasoning, ...turn, reasoning_content: reasoning };
}

/** Throws a `Problem` where a model has no chat template. @param model  its folder, or its files */
export async function loadChatTemplate(model: string | Companions): Promise<ChatTemplate> {
  const files = filesOf(model);
  const config = await files.json('tokenizer_config.json') ?? {};
  const sources = await findSources(files, config);
  if (sources === null) {
    throw new Problem(`${files.model} has no chat template`, {
      hint: 'Give prompts as plain text, or choose a model that was trained for chat.',
    });
  }
  return new ChatTemplate(files.model, sources.own, await readSpecialTexts(files, config), sources.toolUse);
}

export async function hasChatTemplate(model: string | Companions): Promise<boolean> {
  const files = filesOf(model);
  return await findSources(files, await files.json('tokenizer_config.json') ?? {}) !== null;
}

const filesOf = (model: string | Companions): Companions => (typeof model === 'string' ? inFolder(model) : model);

/**
 * Files of their own win over the config, as in Transformers; of several named templates it is the one called default, and
 * with tools the one called tool_use.
 */
async function findSources(files: Companions, config: JsonObject): Promise<{ own: string; toolUse: string | null } | null> {
  const [own, others] = await Promise.all(TEMPLATE_FILES.map(async (name) => {
    const bytes = await files.bytes(name);
    return bytes && new TextDecoder().decode(bytes);
  })) as [string | null, string | null];
  if (own !== null) return { own, toolUse: others };
  const named: unknown = config['chat_template'] ?? null;
  if (named === null) return null;
  if (typeof named === 'string') return { own: named, toolUse: null };
  const templates = Array.isArray(named) ? named.filter(isJsonObject) : [];
  const find = (wanted: string): string | null => {
    const source = templates.find(({ name }) => name === wanted)?.['template'];
    return typeof source === 'string' ? source : null;
  };
  const source = find('default');
  if (source !== null) return { own: source, toolUse: find(TOOL_USE) };
  throw new Problem(`${files.pathOf('tokenizer_config.json')}: chat_template has no template named default`, {
    hint: `It names ${templates.map(({ name }) => String(name)).join(', ') || 'none'}.`,
  });
}
