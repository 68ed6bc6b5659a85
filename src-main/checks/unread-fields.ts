import type { Finding } from '../contract/finding.ts';
import type { DataSettings } from '../contract/recipe.ts';
import { check, notice } from './check.ts';

/** What a recipe says of its texts, and nothing reads as the rest of it is. */
export const unreadFields = check('unread-field', ['recipe'], ({ recipe: { data } }) => {
  if (data.messages !== undefined) return besideMessages(data);
  return data.chat ? [] : withoutChat(data);
});

function besideMessages({ messages, prompt, chat }: DataSettings): Finding[] {
  const said = [...(prompt === undefined ? [] : ['prompt']), ...(chat ? ['chat'] : [])];
  return said.map((field) => notice('unread-field', {
    field: `data.${field}`, message: `data.${field} changes nothing: the texts are the conversations in the column "${messages!}", as data.messages says.`,
    mend: { label: 'Leave it out', patch: { data: { [field]: null } } },
  }));
}

/** The fields that a chat template is given. */
function withoutChat({ system, tools, template }: DataSettings): Finding[] {
  const said = [...(system === undefined ? [] : ['system']), ...(tools === undefined ? [] : ['tools']), ...(Object.keys(template ?? {}).length === 0 ? [] : ['template'])];
  return said.map((field) => notice('unread-field', {
    field: `data.${field}`, message: `data.${field} changes nothing: it is for chats, and the prompts are plain text.`,
    mend: { label: 'Wrap prompts as chat turns', patch: { data: { chat: true } } },
  }));
}

/** The learning rate comes to what the recipe says. */
export const warmUp = check('warm-up', ['recipe', 'steps'], ({ recipe: { train: { warmupSteps } }, steps }) => (warmupSteps < steps ? [] : [notice('warm-up', {
  field: 'train.warmupSteps', message: `The learning rate rises over ${warmupSteps} steps, and the run has ${steps}: it never comes to train.learningRate.`,
  mend: { label: `Let it rise over ${Math.floor(steps / 10)}`, patch: { train: { warmupSteps: Math.floor(steps / 10) } } },
})]));
