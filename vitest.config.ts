import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';
import { PATIENCE } from './test/support/patience.ts';

const files = readdirSync('test', { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.test.ts')).map((name) => join('test', name));
/** What other files would leave behind in a process: modules that are not the ones to be mocked, and memory. */
const NEEDS_ITS_OWN = /\bvi\.mock\(|\bmemoryUsage\b|\bpeakMemory\b/;
const alone = files.filter((file) => NEEDS_ITS_OWN.test(readFileSync(file, 'utf8')));

export default defineConfig({
  // For the interface's state, which is written with runes.
  plugins: [svelte({ configFile: false })],
  test: {
    environment: 'node',
    globalSetup: 'test/support/build.ts',
    // Model loading and short trainings take seconds on two busy cores, and minutes on a machine that has much else to do.
    // Nothing here measures time: these only end what would never end.
    testTimeout: 600_000,
    hookTimeout: 600_000,
    teardownTimeout: 120_000,
    // One more than there are cores that count: some wait for a browser or a server.
    maxWorkers: 3,
    // The threads of a computation wait for each other by spinning, which takes from the tests beside it more than it
    // gains with models as small as theirs. `service/killed` computes with two.
    env: { RETORT_THREADS: '1' },
    // What is waited for comes sooner or later: on a busy machine later.
    expect: { poll: { timeout: PATIENCE } },
    // Starting a process and loading modules in it takes longer than most files' tests: the same one goes on with the next file.
    projects: [
      { extends: true, test: { name: 'alone', include: alone } },
      { extends: true, test: { name: 'together', include: files.filter((file) => !alone.includes(file)), isolate: false } },
    ],
  },
});
