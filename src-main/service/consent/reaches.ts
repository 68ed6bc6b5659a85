import { createHash } from 'node:crypto';
import type { Reach } from '../../contract/consent.ts';
import type { DataSettings, Recipe } from '../../contract/recipe.ts';
import type { ServerSettings } from '../../contract/served-teacher.ts';
import { stagesOf } from '../../contract/stages.ts';
import { visibleLine } from '../../contract/visible.ts';
import { Problem } from '../../contract/problem.ts';

/** What a run of a recipe would start or send to, and nobody but the person can allow. */
export function reachesOf(recipe: Recipe): Reach[] {
  const all = stagesOf(recipe).flatMap(({ recipe: { method: { reward }, data, teacher } }) => [...teacher?.server ? [serverReach(teacher.server, data)] : [], ...rewardReaches(reward, data)]);
  return [...new Map(all.map((reach) => [reach.digest, reach])).values()];
}

/** A server that is tried, and sent nothing of the person's but a key. */
export function tryReach({ url }: Pick<ServerSettings, 'url'>): Reach {
  return reach({
    kind: 'address', what: visibleLine(url), where: null,
    given: 'It is tried as a teacher: asked for its model, and sent a few texts of this program\'s own, and the key for servers where there is one (RETORT_SERVER_KEY).',
  }, [url, 'try']);
}

function serverReach({ url }: ServerSettings, { train, validation }: DataSettings): Reach {
  const files = visibleLine([train, validation].filter((path) => path !== undefined).join(' and '));
  return reach({
    kind: 'address', what: visibleLine(url), where: null,
    given: `As the teacher it is sent the rows of ${files}, what the student writes to them, and the key for servers where there is one (RETORT_SERVER_KEY).`,
  }, [url]);
}

function rewardReaches(reward: Recipe['method']['reward'], data: DataSettings): Reach[] {
  const rows = visibleLine(`the rows of ${data.train}, and what the student writes to them`);
  if (reward?.kind === 'command') {
    return [reach({ kind: 'command', what: reward.command.map(quoted).join(' '), where: visibleLine(reward.directory ?? ''), given: `It runs with your rights, and is given ${rows}.` }, reward.command)];
  }
  if (reward?.kind === 'http') return [reach({ kind: 'address', what: visibleLine(reward.url), where: null, given: `It is sent ${rows}.` }, [reward.url])];
  return [];
}

/** @throws Problem where a recipe would reach what is not allowed */
export function refuseUnallowed(recipe: Recipe, allowed: readonly string[]): void {
  const missing = reachesOf(recipe).find(({ digest }) => !allowed.includes(digest));
  if (missing) throw refusal(missing);
}

export function refusal({ kind, what }: Reach): Problem {
  return new Problem(kind === 'command' ? `The recipe starts a command that you have not allowed: ${what}` : `The recipe sends data to an address that you have not allowed: ${what}`, {
    hint: 'Look at it, then allow it: the window asks when you press Start, the command line takes --trust.',
  });
}

/** @param exact  what is shown, without its hidden characters made visible */
function reach(shown: Omit<Reach, 'digest'>, exact: readonly string[]): Reach {
  return { digest: createHash('sha256').update(JSON.stringify([shown, exact])).digest('hex'), ...shown };
}

/** An argument that nobody can take for two, or for none. */
const quoted = (argument: string): string => (/^[\w@%+=:,./-]+$/.test(argument) ? argument : `'${visibleLine(argument).replaceAll('\'', '\'\\\'\'')}'`);
