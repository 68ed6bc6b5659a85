import type { Ancestor } from '../../contract/lineage.ts';
import { HUB_LICENCES } from './hub-licences.ts';

/** What a card's front matter says of licences. */
export interface LicenceFields { license: string; license_name?: string }

/** The licence that base model and teacher share; `other` where they have different ones, `unknown` where one does not say. */
export function licenceFields(lineage: readonly Ancestor[]): LicenceFields {
  const models = lineage.filter(({ role }) => role !== 'data');
  const named = [...new Set(models.map(({ licence }) => licence))];
  if (models.length === 0 || named.includes(null)) return { license: 'unknown' };
  const [only] = named;
  if (named.length === 1 && HUB_LICENCES.has(only!)) return { license: only! };
  return { license: 'other', license_name: named.join('-and-').toLowerCase().replaceAll(/[^a-z0-9.-]+/g, '-') };
}

/** What a person has to know before the model is passed on, in sentences. */
export function licenceSentences(lineage: readonly Ancestor[]): string[] {
  const unknown = lineage.filter(({ licence }) => licence === null);
  const models = lineage.filter(({ role, licence }) => role !== 'data' && licence !== null);
  const differ = new Set(models.map(({ licence }) => licence)).size > 1;
  const data = lineage.find(({ role, licence }) => role === 'data' && licence !== null && !models.some((model) => model.licence === licence));
  return [
    ...(differ ? [`**The licences differ**: ${models.map(({ role, licence }) => `the ${role} is under ${licence}`).join(', ')}. Read them before this model is passed on: the stricter terms of each may hold for it.`] : []),
    ...(data && models.length > 0 ? [`The data are under ${data.licence}, another one than the models'.`] : []),
    ...(unknown.length > 0 ? [`**Not known** is the licence of ${unknown.map(({ role, name }) => `the ${role} (${JSON.stringify(name)})`).join(', of ')}: nothing that lies beside it says so.`] : []),
    ...(!differ && unknown.length === 0 && !data ? [`All of them are under ${models[0]!.licence}.`] : []),
  ];
}
