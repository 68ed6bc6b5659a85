import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { parse } from 'yaml';

interface Step { uses?: string; run?: string; with?: Record<string, string | number> }
interface Workflow { on: object; jobs: Record<string, { strategy: { matrix: { include: { system: string; arguments: string }[] } }; 'runs-on': string; steps: Step[] }> }
interface Builder { linux: { target: string[] }; win: { target: string[] }; mac: { target: { target: string; arch: string[] }[] }; fileAssociations: { ext: string }[] }

const workflow = parse(readFileSync('.github/workflows/installers.yml', 'utf8'), { strict: true }) as Workflow;
const builder = parse(readFileSync('electron-builder.yml', 'utf8')) as Builder;
const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> };
const [job] = Object.values(workflow.jobs);

it('the workflow builds every installer that is configured, each on its own system', () => {
  expect(Object.keys(workflow).sort()).toEqual(['jobs', 'name', 'on', 'permissions']);
  const wanted = [...builder.linux.target, ...builder.win.target, ...builder.mac.target.map(({ target }) => target)];
  const built = job!.strategy.matrix.include.flatMap(({ arguments: words }) => words.split(' ').filter((word) => !word.startsWith('--')));
  expect([...new Set(built)].sort()).toEqual(wanted.sort());
  for (const { system, arguments: words } of job!.strategy.matrix.include) {
    expect(words).toMatch({ ubuntu: /^--linux /, windows: /^--win /, macos: /^--mac / }[system.split('-')[0]!]!);
  }
  const macs = job!.strategy.matrix.include.flatMap(({ arguments: words }) => /--mac .*--(\w+)/.exec(words)?.[1] ?? []);
  expect(macs.sort()).toEqual(builder.mac.target.flatMap(({ arch }) => arch).sort());
});

it('its steps are actions of a fixed version and scripts that exist', () => {
  for (const { uses, run } of job!.steps) {
    expect([uses, run].filter((value) => value !== undefined)).toHaveLength(1);
    if (uses !== undefined) expect(uses).toMatch(/^actions\/[\w-]+@v\d+$/);
    const script = /^npm run ([\w:]+)/.exec(run ?? '')?.[1];
    if (script !== undefined) expect(scripts).toHaveProperty(script);
  }
});

it('files are associated by an extension that Windows and macOS know too', () => {
  expect(builder.fileAssociations.map(({ ext }) => ext)).toEqual(['retort']);
  expect(builder.fileAssociations.every(({ ext }) => !ext.includes('.'))).toBe(true);
});
