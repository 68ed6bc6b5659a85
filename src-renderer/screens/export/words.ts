import { PRECISION_FACTS, type ExportedPrecision, type ExportPrecision, type ExportReport, type ExportSubject } from '../../../src-main/contract/export-report.ts';
import type { ShippedType } from '../../../src-main/contract/ship.ts';
import { count, percent } from '../../format.ts';

/** What shall be exported, and how a person calls it. */
export interface Exportable {
  name: string;
  subject: ExportSubject;
  /** Whether it is an adapter beside a base model. */
  isAdapter?: boolean;
  /** The file that it was trained to be. */
  ship?: ShippedType | undefined;
}

/** Never rounded up: what falls short of a share by little must not read as that share. */
export const share = (value: number): string => percent(Math.floor(1000 * value + 1e-6) / 1000);

/** At how many tokens a precision has the trained model's first choice. */
export const agreementText = ({ topAgreement }: ExportedPrecision): string => share(topAgreement);

/** The same, as it is stated of every export. */
export const statedText = (precision: ExportPrecision): string => share(PRECISION_FACTS[precision].agreement);

/** What is to be said of a precision that does not keep what is stated of it. */
export const shortfall = (exported: ExportedPrecision): string =>
  `${exported.precision} does not keep what is stated of it: its first choice is the trained model's at ${agreementText(exported)} of tokens, where ${statedText(exported.precision)} are stated. Prefer another precision, or read its texts below.`;

/** `128 tokens of 16 texts of the run's data` */
export function measuredText({ measuredOn: { kind, tokens, texts } }: ExportReport): string {
  return `${count(tokens)} tokens of ${count(texts)} texts ${kind === 'data' ? 'of the run\'s data' : 'that the model wrote itself'}`;
}
