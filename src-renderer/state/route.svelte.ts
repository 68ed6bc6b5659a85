import { addressOf, parseRoute, type Route } from './address.ts';

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

  /** Another address for what is shown already; nothing to go back to. */
  rename(route: Route): void {
    history.replaceState(null, '', addressOf(route));
    this.now = route;
  }
}
