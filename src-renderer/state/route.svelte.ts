import { addressOf, parseRoute, subjectOf, type Route } from './address.ts';

/** Where this window is. The address holds it, so that a reload shows the same. */
export class RouteState {
  now = $state.raw<Route>(parseRoute(location.hash));

  /** @returns ends it */
  follow(): () => void {
    const read = (): void => { this.now = parseRoute(location.hash); };
    addEventListener('hashchange', read);
    return () => { removeEventListener('hashchange', read); };
  }

  go(route: Route): void {
    location.hash = addressOf(route);
  }

  /**
   * Leads on from what is shown now, once work is done that takes a while.
   * @returns goes where the work leads; nowhere, and false, where the person has gone elsewhere meanwhile
   */
  onward(): (route: Route) => boolean {
    const from = subjectHere();
    return (route) => {
      if (subjectHere() !== from) return false;
      this.go(route);
      return true;
    };
  }

  /** Another address for what is shown already; nothing to go back to, and nothing where the person has left it. */
  rename(route: Route): void {
    if (subjectHere() !== subjectOf(route)) return;
    history.replaceState(null, '', addressOf(route));
    this.now = route;
  }
}

/** By the address itself: that it has changed is told a moment later. */
const subjectHere = (): string => subjectOf(parseRoute(location.hash));
