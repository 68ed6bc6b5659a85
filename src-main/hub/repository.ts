import type { HubKind } from '../contract/hub.ts';
import { Problem } from '../contract/problem.ts';

export interface Repository {
  readonly kind: HubKind;
  /** ORG/NAME, or NAME alone where the hub has such. */
  readonly id: string;
  /** A branch, a tag or a commit. */
  readonly revision: string;
}

const PART = /^(?![-.])(?!.*(--|\.\.))[\w.-]{1,96}(?<![-.])$/;
const REVISION = /^(?!.*\.\.)[\w][\w./-]{0,254}$/;

/**
 * A repository as a person names it: ORG/NAME, ORG/NAME@REVISION, or the address of its page.
 * @param hub  whose pages addresses are of. @throws Problem
 */
export function readRepository(text: string, kind: HubKind, hub: string): Repository {
  const wanted = text.trim();
  const { id, revision } = wanted.includes('://') ? ofPage(wanted, kind, hub) : ofName(wanted);
  const parts = id.split('/');
  if (parts.length > 2 || !parts.every((part) => PART.test(part))) throw unnamed(text, kind);
  if (!REVISION.test(revision)) throw new Problem(`"${revision}" is no revision of a repository.`, { hint: 'Give a branch, a tag or a commit behind the @.' });
  return { kind, id, revision };
}

function ofName(text: string): Pick<Repository, 'id' | 'revision'> {
  const at = text.indexOf('@');
  return at < 0 ? { id: text, revision: 'main' } : { id: text.slice(0, at), revision: text.slice(at + 1) };
}

function ofPage(text: string, kind: HubKind, hub: string): Pick<Repository, 'id' | 'revision'> {
  const rest = text.startsWith(`${hub}/`) ? text.slice(hub.length + 1).replace(/[?#].*$/, '').replace(/\/+$/, '') : null;
  if (rest === null) throw new Problem(`${text} is no page of ${hub}.`, { hint: `Give ORG/NAME, or name the hub that the page is of.` });
  const isData = rest.startsWith('datasets/');
  if (isData !== (kind === 'dataset')) throw new Problem(`${text} is the page of a ${isData ? 'data set' : 'model'}.`, { hint: isData ? 'Get it as data: retort data get.' : 'Get it as a model: retort model get.' });
  const [id = '', revision] = (isData ? rest.slice('datasets/'.length) : rest).split(/\/(?:tree|blob)\//);
  return { id, revision: revision === undefined ? 'main' : decodeURIComponent(revision) };
}

function unnamed(text: string, kind: HubKind): Problem {
  const example = kind === 'model' ? 'HuggingFaceTB/SmolLM2-135M-Instruct' : 'openai/gsm8k';
  return new Problem(`"${text}" is not the name of a ${kind === 'model' ? 'model' : 'data set'} on a hub.`, { hint: `Give ORG/NAME, such as ${example}.` });
}

/** Where the hub tells of a repository. @param more  what of it, begun by a slash */
export const apiPath = ({ kind, id }: Pick<Repository, 'kind' | 'id'>, more: string): string => `/api/${kind}s/${id}${more}`;

/** Where the hub gives a file of a repository. */
export function filePath({ kind, id }: Pick<Repository, 'kind' | 'id'>, commit: string, path: string): string {
  return `/${kind === 'model' ? '' : 'datasets/'}${id}/resolve/${encodeURIComponent(commit)}/${path.split('/').map(encodeURIComponent).join('/')}`;
}

/** A repository's own page. */
export const pageOf = (hub: string, { kind, id }: Pick<Repository, 'kind' | 'id'>): string => `${hub}/${kind === 'model' ? '' : 'datasets/'}${id}`;
