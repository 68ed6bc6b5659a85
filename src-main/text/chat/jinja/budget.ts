import { TemplateFault } from './fault.ts';

const STEPS = 5_000_000;
/** Of all texts and lists that one rendering makes or goes through, together. */
const CHARACTERS = 1 << 27;
/** Of one text. */
const LENGTH = 1 << 23;
const CALLS = 150;
const SECONDS = 5;
/** In a list, an element stands for this many characters. */
const ELEMENT = 8;

/** The work and the memory that one rendering may take: templates come from anyone. */
export class Budget {
  private steps = 0;
  private characters = 0;
  private depth = 0;
  private readonly end = Date.now() + SECONDS * 1000;

  step(): void {
    if ((++this.steps & 0xfff) === 0) this.look();
  }

  /** A text that was made or gone through, by its length. */
  text(length: number): void {
    if (length > LENGTH) throw exceeded(`a text of ${length} characters`);
    this.characters += length;
    if (length > 0xffff) this.look();
    if (this.characters > CHARACTERS) throw exceeded(`texts of more than ${CHARACTERS} characters`);
  }

  /** Two texts put together share their memory; only the length counts. */
  joined(length: number): void {
    if (length > LENGTH) throw exceeded(`a text of ${length} characters`);
  }

  elements(count: number): void {
    if (count * ELEMENT > LENGTH) throw exceeded(`a list of ${count} elements`);
    this.text(count * ELEMENT);
    this.steps += count >> 3;
  }

  enter(): void {
    if (++this.depth > CALLS) throw exceeded(`more than ${CALLS} macros inside each other`);
  }

  leave(): void {
    this.depth -= 1;
  }

  private look(): void {
    if (this.steps > STEPS) throw exceeded(`more than ${STEPS} steps`);
    if (Date.now() > this.end) throw exceeded(`longer than ${SECONDS} seconds`);
  }
}

const exceeded = (what: string): TemplateFault => new TemplateFault('bound', `it takes ${what}`);
