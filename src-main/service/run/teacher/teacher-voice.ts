import { endTokens } from '../../../model/load-model.ts';
import type { EncodedExample } from '../../../text/encoded-example.ts';
import type { Tokenizer } from '../../../text/tokenizer/tokenizer.ts';
import type { AnswerSettings } from '../../evaluate/answers.ts';
import type { PreparedRun } from '../look/prepare.ts';

/** What a teacher is asked to write with: the student's own tokens, or where they differ its own. */
interface InItsTokens<Settings> { tokenizer: Tokenizer; examples: EncodedExample[]; settings: Settings }

/** Prompts and settings of the student as its teacher understands them. */
export function inTokensOfTeacher<Settings extends Pick<AnswerSettings, 'eos' | 'sharedVocabulary' | 'maxLength'>>(
  { alignment, teacher, student }: Pick<PreparedRun, 'alignment' | 'teacher' | 'student'>, examples: readonly EncodedExample[], settings: Settings,
): InItsTokens<Settings> {
  if (!alignment || !teacher) return { tokenizer: student.tokenizer, examples: [...examples], settings };
  const asked = examples.map((example) => ({ ...example, prompt: alignment.promptOf(example.prompt) }));
  const longest = (of: readonly EncodedExample[]): number => Math.max(0, ...of.map(({ prompt }) => prompt.length));
  const maxLength = settings.maxLength + Math.max(0, longest(asked) - longest(examples));
  return {
    tokenizer: teacher.tokenizer, examples: asked,
    settings: { ...settings, eos: endTokens(teacher), sharedVocabulary: alignment.families.teacher.length, maxLength: Math.min(maxLength, teacher.decoder.contextLength ?? Infinity) },
  };
}
