import { version } from '../../../../package.json' with { type: 'json' };
import { text, type KeyValues } from '../../../export/gguf/key-values.ts';

/** What tells a GGUF file apart. */
export const named = (name: string): KeyValues => ({ 'general.name': text(name), 'general.quantized_by': text(`Retort ${version}`) });
