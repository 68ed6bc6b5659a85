/** Whether the feed is connected, for what is shown. */
export class Connection {
  isCut = $state(false);
}
