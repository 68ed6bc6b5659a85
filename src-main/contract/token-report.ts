import type { TokenRole } from './fork.ts';
import type { ToldFork } from './inspection.ts';

/** What `retort inspect` says of one example; every log-probability is natural and from a float32 log-softmax. */
export interface RankedToken { id: number; text: string; logprob: number }

export interface TokenJudgement {
  id: number;
  text: string;
  divergence: number;
  /** False where it is not known what a teacher with another tokenizer thinks of the text, so that nothing is said of it; left out otherwise. */
  compared?: boolean;
  studentLogprob: number;
  teacherLogprob: number;
  /** Entropy of each model's whole distribution here, in nats. */
  studentEntropy: number;
  teacherEntropy: number;
  /** The token's place among all under each model, from 1. */
  studentRank: number;
  teacherRank: number;
  studentTop: RankedToken[];
  teacherTop: RankedToken[];
}

export interface TokenReport {
  prompt: string;
  completion: string;
  promptTokens: number;
  tokens: TokenJudgement[];
  /** Over the tokens that are compared. */
  meanDivergence: number;
  /** With a teacher of another tokenizer: the share of tokens that are compared. */
  comparedShare?: number;
}

/** A report with what every token is to the teacher, and the forks among them. */
export interface InspectionReport extends TokenReport {
  tokens: (TokenJudgement & { role: TokenRole })[];
  forks: ToldFork[];
}
