import type { Decoder } from '../nn/decoder.ts';
import type { Hypothesis } from './beam-search.ts';
import { DecodeSession, type DecodePrograms } from './decode-session.ts';
import type { Opening, SessionSize } from './opening.ts';
import type { Engine } from './engine.ts';
import { generate } from './generate.ts';
import type { Completion, GenerateOptions, Prompt } from './writing.ts';
import { generateBeams } from './generate-beams.ts';
import { HostText } from './host-text.ts';
import type { BeamSampling, TokenSampling } from './sampling.ts';

/** Programs that run on memory of the host, with the weights as they were when they were made. */
export class HostEngine implements Engine {
  private readonly programs: DecodePrograms;
  private readonly decoder: Decoder;
  private readonly after: () => void;

  /** @param programs  whose choice is that of every sampling that is asked for, @param after  called once they are released */
  constructor(programs: DecodePrograms, decoder: Decoder, after = (): void => {}) {
    this.programs = programs;
    this.decoder = decoder;
    this.after = after;
  }

  generate(prompts: readonly Prompt[], options: GenerateOptions<TokenSampling>): Promise<Completion[]> {
    return generate(this, prompts, options);
  }

  generateBeams(prompts: readonly Prompt[], options: GenerateOptions<BeamSampling>): Promise<Hypothesis[][]> {
    return generateBeams(this, prompts, options);
  }

  grow(prompts: readonly Opening[], size: SessionSize): Promise<DecodeSession> {
    return DecodeSession.open(this.programs, this.decoder, prompts, size);
  }

  read(opening: Opening, newTokens: number): Promise<HostText> {
    return HostText.open(this.programs, this.decoder, opening, newTokens);
  }

  async release(): Promise<void> {
    await this.programs.decode.release();
    await this.programs.source?.release();
    this.after();
  }
}
