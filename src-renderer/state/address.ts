export const RUN_TABS = ['charts', 'samples', 'rollouts', 'log', 'recipe'] as const;
export const WIZARD_PAGES = ['data', 'models', 'method', 'review'] as const;
export type WizardPage = (typeof WIZARD_PAGES)[number];
export type RunTab = (typeof RUN_TABS)[number];

/** Which screen the address names. */
export type Route =
  | { screen: 'runs' }
  | { screen: 'run'; runId: string; tab?: RunTab | undefined }
  | { screen: 'compare-runs'; runIds: string[] }
  | { screen: 'new'; draftId: string | undefined; page?: WizardPage | undefined }
  | { screen: 'models' }
  | { screen: 'mistakes'; inspectionId?: string | undefined; sampleId?: number | undefined; position?: number | undefined }
  | { screen: 'compare'; comparisonId?: string | undefined; view?: string | undefined }
  | { screen: 'chat'; model?: string | undefined }
  | { screen: 'export'; exportId: number }
  | { screen: 'settings' };

export function parseRoute(hash: string): Route {
  const [screen, rest, last, deepest] = hash.replace(/^#\//, '').split('/').map(decoded) as [string, string?, string?, string?];
  switch (screen) {
    case 'run': return rest ? { screen, runId: rest, tab: RUN_TABS.find((tab) => tab === last) } : { screen: 'runs' };
    case 'compare-runs': return rest ? { screen, runIds: rest.split(',').filter((id) => id !== '') } : { screen: 'runs' };
    case 'new': return { screen, draftId: rest || undefined, page: WIZARD_PAGES.find((page) => page === last) };
    case 'mistakes': return { screen, inspectionId: rest || undefined, sampleId: wholeNumber(last), position: wholeNumber(deepest) };
    case 'compare': return { screen, comparisonId: rest || undefined, view: last || undefined };
    case 'chat': return { screen, model: rest || undefined };
    case 'export': {
      const exportId = wholeNumber(rest);
      return exportId === undefined ? { screen: 'models' } : { screen, exportId };
    }
    case 'models': case 'settings': return { screen };
    default: return { screen: 'runs' };
  }
}

export function addressOf(route: Route): string {
  switch (route.screen) {
    case 'run': return `#/run/${encodeURIComponent(route.runId)}${route.tab ? `/${route.tab}` : ''}`;
    case 'compare-runs': return `#/compare-runs/${route.runIds.map(encodeURIComponent).join(',')}`;
    case 'new': return route.draftId ? `#/new/${encodeURIComponent(route.draftId)}${route.page ? `/${route.page}` : ''}` : '#/new';
    case 'mistakes': return ['#/mistakes', ...[route.inspectionId, route.sampleId, route.position].filter((part) => part !== undefined).map((part) => encodeURIComponent(part))].join('/');
    case 'compare': return ['#/compare', ...[route.comparisonId, route.view].filter((part) => part !== undefined).map(encodeURIComponent)].join('/');
    case 'chat': return route.model ? `#/chat/${encodeURIComponent(route.model)}` : '#/chat';
    case 'export': return `#/export/${route.exportId}`;
    default: return `#/${route.screen}`;
  }
}

/** Which screen of which thing an address shows, whatever of it: to stay with it is not to go anywhere. A draft is one thing before and after it has a name. */
export function subjectOf(route: Route): string {
  switch (route.screen) {
    case 'run': return `run ${route.runId}`;
    case 'mistakes': return `mistakes ${route.inspectionId}`;
    case 'compare': return `compare ${route.comparisonId}`;
    case 'export': return `export ${route.exportId}`;
    default: return route.screen;
  }
}

const wholeNumber = (part: string | undefined): number | undefined => (part !== undefined && /^\d+$/.test(part) ? Number(part) : undefined);

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
