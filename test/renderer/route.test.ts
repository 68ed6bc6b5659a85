import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { RouteState } from '../../src-renderer/state/route.svelte.ts';

/** An address as a window has it: what changes it is told of later. */
const place = { hash: '' };
beforeEach(() => {
  vi.stubGlobal('location', place);
  vi.stubGlobal('history', { replaceState: (_state: unknown, _title: string, to: string) => { place.hash = to; } });
});
afterEach(() => { vi.unstubAllGlobals(); });

function at(hash: string): RouteState {
  place.hash = hash;
  return new RouteState();
}

it('renames what is shown', () => {
  const route = at('#/new');
  route.rename({ screen: 'new', draftId: 'a', page: 'data' });
  expect(place.hash).toBe('#/new/a/data');
  expect(route.now).toEqual({ screen: 'new', draftId: 'a', page: 'data' });
});

it.each([
  ['#/models', { screen: 'new', draftId: 'a' }], ['#/run/b', { screen: 'run', runId: 'a', tab: 'log' }], ['#/mistakes/b', { screen: 'mistakes', inspectionId: 'a', sampleId: 1 }],
  ['#/compare', { screen: 'compare', comparisonId: 'a', view: 'b' }], ['#/runs', { screen: 'chat' }],
] as const)('renames nothing of %s, where the person has gone meanwhile', (hash, route) => {
  at(hash).rename(route);
  expect(place.hash).toBe(hash);
});

it('leads on from where the work began, and no further', () => {
  const route = at('#/mistakes/a');
  const stays = route.onward();
  route.rename({ screen: 'mistakes', inspectionId: 'a', sampleId: 3, position: 4 });
  expect(stays({ screen: 'compare', comparisonId: 'b' })).toBe(true);
  expect(place.hash).toBe('#/compare/b');

  const leaves = route.onward();
  route.go({ screen: 'compare', comparisonId: 'c' });
  expect(leaves({ screen: 'runs' })).toBe(false);
  expect(place.hash).toBe('#/compare/c');
});
