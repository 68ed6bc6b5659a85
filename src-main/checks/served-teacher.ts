import { Problem } from '../contract/problem.ts';
import type { Method } from '../contract/presets.ts';
import type { ServerSettings } from '../contract/served-teacher.ts';
import { ACCEPTANCE } from '../metrics/acceptance.ts';
import { check, notice } from './check.ts';

/** What a server cannot do for a method is refused before anything is sent. */
export const servedTeacher = check('served-teacher', ['recipe', 'method', 'student'], ({ recipe, method, student }) => {
  const server = recipe.teacher?.server;
  if (!server) return;
  const refuse = (message: string, hint: string): never => { throw new Problem(message, { hint }); };
  if (recipe.evaluate.metrics.includes(ACCEPTANCE)) {
    refuse('evaluate.metrics has "acceptance", for which the teacher looks at every draft with its whole distribution, and teacher.server tells only its likeliest tokens.', 'Leave the metric out, or give a model in teacher.model.');
  }
  if (recipe.train.phases) refuse('train.phases reads the teacher anew in every step, and the teacher of this recipe is behind a server.', 'Leave train.phases out.');
  if (method.preset === 'minillm') {
    refuse('The method "minillm" lets the teacher write along at every token of the student\'s texts, which a server cannot.', 'Use "on-policy-kd" or "gkd" with reverse_kl, or give a model in teacher.model.');
  }
  if (server.protocol === 'chat') return refuseJudging(recipe.data.shots !== undefined && (recipe.data.chat || recipe.data.messages !== undefined), method);
  if (student.decoder.encoder && (method.divergence !== 'cross_entropy' || method.source === 'teacher')) {
    refuse('The student reads its prompts with an encoder, and the server\'s model is asked about prompt and completion as one text.', 'Choose a student that is a decoder alone, or give a model in teacher.model.');
  }
  if (method.divergence === 'cross_entropy') return;
  if (method.lossTemperature !== 1) {
    refuse(`method.lossTemperature is ${method.lossTemperature}, and a server tells probabilities at temperature 1: of the tokens that it does not tell, nobody knows how a temperature would change them.`, 'Set method.lossTemperature to 1, or give a model in teacher.model.');
  }
  return [notice('served-teacher', { field: 'teacher.server', message: accuracy(server, method) })];
});

function refuseJudging(hasShots: boolean, { preset, divergence, source }: Method): void {
  if (divergence !== 'cross_entropy') {
    throw new Problem(`The method "${preset}" asks the teacher how likely every token is, and a server of protocol "chat" only writes texts.`, {
      hint: 'Use the method "seqkd", or a server of vLLM or SGLang.',
    });
  }
  if (source === 'teacher' && hasShots) {
    throw new Problem('data.shots stand before chats as text of the student\'s own template, which a server of protocol "chat" is not sent.', { hint: 'Leave data.shots out, or put the shots into the system message.' });
  }
}

/** How near a divergence over the told tokens is to the exact one, in words; docs/served-teachers.md has the bounds. */
function accuracy({ topLogprobs }: ServerSettings, { divergence }: Method): string {
  const told = `The server tells the ${topLogprobs} likeliest tokens and the written one; all others count as one. The divergence is then never larger than the exact one, `;
  switch (divergence) {
    case 'tvd': return `${told}and smaller by no more than the probability that both models give to the others.`;
    case 'jsd': return `${told}and its gradient is off by no more than about four times beta times the probability that the teacher gives to the others.`;
    case 'reverse_kl': return `${told}but by how much cannot be said for reverse KL: what the teacher finds next to impossible counts most, and is not told. With jsd or forward_kl it can.`;
    default: return `${told}its gradient at the told tokens is exact, and off in all by no more than twice the probability that the teacher gives to the others.`;
  }
}
