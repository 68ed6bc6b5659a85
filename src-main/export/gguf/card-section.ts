import type { ExportReport } from '../../contract/export-report.ts';
import { agreementOf, percent, quoted, size, table } from '../card/markdown.ts';

/** What the card says of GGUF files; nothing where there are none. */
export function ggufSection({ gguf = [], modelfile, trainedPerplexity, drafts = [] }: ExportReport): string[] {
  if (gguf.length === 0) return [];
  const rows = gguf.map(({ type, imatrix, file, opened }) => [
    `${type}${imatrix ? ', by an importance matrix' : ''}`, quoted(file.name), size(file.bytes), ...('missing' in opened ? [opened.missing, '', '', ''] : [
      agreementOf(opened), percent(opened.topAgreement), opened.perplexity.toFixed(3),
      opened.tokensPerSecond === null ? '' : opened.tokensPerSecond.toFixed(0),
    ]),
  ]);
  const run = gguf.map(({ opened }) => opened).find((opened) => !('missing' in opened));
  const faults = gguf.flatMap(({ opened, notes }) => [...notes, ...('faults' in opened ? opened.faults : [])]);
  return [
    '## In llama.cpp',
    run && !('missing' in run) ? `Opened in ${run.runtime} ${run.version} and run greedily against the trained weights${trainedPerplexity === null ? '' : `, which have a perplexity of ${trainedPerplexity.toFixed(3)} there`}.` : 'These files were not run.',
    table(['quantization', 'file', 'size', 'same greedy tokens', 'same first choice', 'perplexity', 'tokens a second'], rows),
    ...[...new Set(faults)],
    ...(drafts.length === 0 ? [] : [
      '## As a draft', `Measured in ${drafts[0]!.runtime} ${drafts[0]!.version}, greedily, to ${drafts[0]!.prompts} prompts of its data, on the machine that exported.`,
      table(['file', 'drafts for', 'tokens at once', 'accepted', 'tokens a second', 'without it', 'same texts'], drafts.map((each) => [
        quoted(each.file), quoted(each.target), String(each.draftTokens), each.acceptance === null ? '' : percent(each.acceptance), each.tokensPerSecond.toFixed(1), each.aloneTokensPerSecond.toFixed(1), `${each.sameTexts} of ${each.prompts}`,
      ])),
      `\`\`\`sh\nllama-server -m TARGET.gguf -md ${drafts.at(-1)!.file} --draft-max ${drafts.at(-1)!.draftTokens}\n\`\`\``,
    ]),
    `\`\`\`sh\nllama-cli -m ${gguf.at(-1)!.file.name}${modelfile ? `\nollama create my-model -f ${modelfile.name}` : ''}\n\`\`\``,
  ];
}
