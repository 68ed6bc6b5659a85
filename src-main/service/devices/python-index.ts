import { z } from 'zod';
import type { Wheel } from '../../contract/cuda.ts';
import { Problem } from '../../contract/problem.ts';
import { getJson } from '../../hub/get-json.ts';
import { hubAddress, hubName, PATIENT, type Hub } from '../../hub/hub.ts';

/** Where Python's packages are had unless somebody names another index. */
const USUAL = 'https://pypi.org/simple';
/** Its pages as JSON (PEP 691). */
const ACCEPT = 'application/vnd.pypi.simple.v1+json';

const pageSchema = z.object({ files: z.array(z.object({ filename: z.string(), url: z.string(), hashes: z.record(z.string(), z.string()) })) });

/** An index of Python's packages. @param named  its address, up to the names of packages; without it PIP_INDEX_URL, or PyPI. @throws Problem where it is none */
export function pythonIndex(named: string | null, env: Readonly<Record<string, string | undefined>> = process.env): Hub {
  return { url: hubAddress(named ?? (env['PIP_INDEX_URL'] || USUAL)), token: null, timing: PATIENT };
}

/** Where the index gives a file. @throws Problem where it does not have it, or has another of its name */
export async function addressOf(index: Hub, { name, file, sha256 }: Wheel, signal?: AbortSignal): Promise<string> {
  const page = `/${name}/`;
  const { value } = await getJson(index, page, pageSchema, { signal, headers: { accept: ACCEPT } });
  const found = value.files.find(({ filename }) => filename === file);
  if (!found) throw new Problem(`${hubName(index)} has no ${file}.`, { kind: 'failure', hint: 'Name another index with --index, such as https://pypi.org/simple.' });
  if (found.hashes['sha256'] !== sha256) {
    throw new Problem(`${hubName(index)} has another ${file} than the one that was published (its SHA-256 is another).`, { kind: 'failure', hint: 'Name another index with --index, such as https://pypi.org/simple.' });
  }
  return new URL(found.url, `${index.url}${page}`).href;
}
