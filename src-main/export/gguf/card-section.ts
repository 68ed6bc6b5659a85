import type { ExportReport } from '../../contract/export-report.ts';

/** What the card says of GGUF files; nothing where there are none. */
export function ggufSection({ gguf = [], modelfile }: ExportReport): string[] {
  if (gguf.length === 0) return [];
  const rows = gguf.map(({ type, file, opened }) => ('missing' in opened
    ? [type, `\`${file.name}\``, mebibytes(file.bytes), opened.missing, '', '']
    : [type, `\`${file.name}\``, mebibytes(file.bytes), `${share(opened.agreeing)} of the first ${opened.length}`, share(opened.topAgreement), opened.perplexity.toFixed(3)]));
  const run = gguf.map(({ opened }) => opened).find((opened) => !('missing' in opened));
  const faults = gguf.flatMap(({ opened, notes }) => [...notes, ...('faults' in opened ? opened.faults : [])]);
  return [
    '## In llama.cpp',
    run && !('missing' in run) ? `Run in ${run.runtime} ${run.version}, greedily, against the trained weights.` : 'These files were not run.',
    ['| type | file | size | same greedy tokens | same first choice | perplexity |', '| --- | --- | --- | --- | --- | --- |', ...rows.map((row) => `| ${row.join(' | ')} |`)].join('\n'),
    ...[...new Set(faults)],
    `\`\`\`sh\nllama-cli -m ${gguf.at(-1)!.file.name}${modelfile ? `\nollama create my-model -f ${modelfile.name}` : ''}\n\`\`\``,
  ];
}

const share = (value: number): string => `${(Math.floor(1000 * value + 1e-6) / 10).toFixed(1)}%`;
const mebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
