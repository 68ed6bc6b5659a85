import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { cruise, type IConfiguration, type ICruiseResult } from 'dependency-cruiser';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const rules = createRequire(import.meta.url)('../.dependency-cruiser.cjs') as IConfiguration;

let folder: string;
beforeEach(() => { folder = mkdtempSync(join(tmpdir(), 'retort-rules-')); });
afterEach(() => { rmSync(folder, { recursive: true }); });

/** The rules broken by a tree in which each of the files imports the ones named. */
async function broken(imports: Record<string, string[]>): Promise<string[]> {
  const files = new Set(Object.entries(imports).flatMap(([file, others]) => [file, ...others.filter((other) => other.includes('/'))]));
  for (const file of files) {
    const lines = (imports[file] ?? []).map((other, i) => `import { x as x${i} } from '${other.includes('/') ? join(folder, other) : other}';`);
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), [...lines, 'export const x = 1;', ''].join('\n'));
  }
  const { tsConfig: _, ...options } = rules.options ?? {};
  const { output } = await cruise(['.'], { ...options, baseDir: folder, validate: true, ruleSet: { forbidden: rules.forbidden ?? [] } });
  return [...new Set((output as ICruiseResult).summary.violations.map(({ rule }) => rule.name))].filter((name) => name !== 'no-unresolved');
}

describe('imports run one way', () => {
  test.each([
    ['src-main/graph/a.ts', 'src-main/distill/b.ts', 'imports-of-graph'],
    ['src-main/contract/a.ts', 'src-main/graph/b.ts', 'imports-of-contract'],
    ['src-main/data/a.ts', 'src-main/model/b.ts', 'imports-of-data'],
    ['src-main/service/a.ts', 'src-main/worker/b.ts', 'imports-of-service'],
    ['src-main/nn/a.ts', 'src-main/cli.ts', 'imports-of-nn'],
    ['src-main/worker/a.ts', 'src-renderer/b.ts', 'imports-of-worker'],
    ['src-renderer/a.ts', 'src-main/graph/b.ts', 'renderer-imports-contract'],
    ['src-main/service/a.ts', 'electron', 'electron-behind-its-doors'],
    ['src-main/cli.ts', 'src-main/graph/onnx/make-schema.ts', 'generators-stay-outside'],
  ])('%s may not import %s', async (from, to, rule) => {
    expect(await broken({ [from]: [to] })).toEqual([rule]);
  });

  test.each([
    ['src-main/distill/a.ts', 'src-main/graph/b.ts'],
    ['src-main/inspect/a.ts', 'src-main/distill/b.ts'],
    ['src-main/cli.ts', 'src-main/worker/b.ts'],
    ['src-renderer/a.ts', 'src-main/contract/b.ts'],
  ])('%s may import %s', async (from, to) => {
    expect(await broken({ [from]: [to] })).toEqual([]);
  });

  test('but never in a circle', async () => {
    expect(await broken({ 'src-main/nn/a.ts': ['src-main/nn/b.ts'], 'src-main/nn/b.ts': ['src-main/nn/a.ts'] })).toEqual(['no-cycles']);
  });
});
