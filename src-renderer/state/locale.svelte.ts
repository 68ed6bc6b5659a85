/** The language whose way of writing numbers and dates is used; undefined is the system's. */
class Locale {
  tag = $state<string | undefined>();

  choose(setting: string): void {
    this.tag = setting === 'system' ? undefined : setting;
  }
}

export const locale = new Locale();
