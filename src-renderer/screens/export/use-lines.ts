import type { ExportReport } from '../../../src-main/contract/export-report.ts';

/** What is pasted for one runtime. */
export interface UseLine { runtime: string; where: 'a terminal' | 'JavaScript' | 'Python'; text: string }

/** As a POSIX shell takes it. */
const shell = (text: string): string => (/^[\w./~:@%+,=-]+$/.test(text) ? text : `'${text.replaceAll('\'', '\'\\\'\'')}'`);
const code = (text: string): string => JSON.stringify(text);
const lastOf = (path: string): string => path.split(/[\\/]/).at(-1) ?? path;

/** How each runtime opens an export, on the machine where it lies, with a prompt as the model knows them. */
export function useLines(report: ExportReport): UseLine[] {
  const { folder, gguf = [], modelfile, precisions, genai, safetensors } = report;
  const prompt = report.prompt?.text ?? report.samples[0]?.prompt ?? 'Hello.';
  // Ollama and llama-cli write the template's turns around what a person says.
  const said = report.prompt?.isChat ? 'Hello.' : prompt;
  const name = lastOf(folder);
  const path = (file: string): string => `${folder}${folder.includes('\\') ? '\\' : '/'}${file}`;
  const small = [...gguf].sort((one, other) => one.file.bytes - other.file.bytes).find(({ opened }) => 'topAgreement' in opened && opened.topAgreement >= 0.95) ?? gguf[0];
  const file = small && path(small.file.name);
  const onnx = precisions.find(({ keeps }) => keeps) ?? precisions[0];
  const hasEncoder = onnx?.files.some(({ name: part }) => part.includes('encoder')) ?? false;
  return [
    ...(modelfile && file !== undefined ? [{ runtime: 'Ollama', where: 'a terminal' as const, text: `cd ${shell(folder)} && ollama create ${shell(name)} -f ${shell(modelfile.name)}\nollama run ${shell(name)} ${shell(said)}` }] : []),
    ...(file === undefined ? [] : [
      { runtime: 'llama.cpp', where: 'a terminal' as const, text: `llama-cli -m ${shell(file)} --temp 0 -p ${shell(said)}` },
      { runtime: 'LM Studio', where: 'a terminal' as const, text: `mkdir -p ~/.lmstudio/models/retort/${shell(name)} && cp ${shell(file)} ~/.lmstudio/models/retort/${shell(name)}/` },
      { runtime: 'llama-cpp-python', where: 'Python' as const, text: `from llama_cpp import Llama\nmodel = Llama(${code(file)})\nprint(model(${code(prompt)}, max_tokens=64, temperature=0)["choices"][0]["text"])` },
    ]),
    ...(onnx ? [{
      runtime: 'transformers.js', where: 'JavaScript' as const,
      text: `import { env, pipeline } from '@huggingface/transformers';\nenv.localModelPath = ${code(folder.slice(0, -name.length))};\nconst generate = await pipeline('${hasEncoder ? 'text2text-generation' : 'text-generation'}', ${code(name)}, { dtype: ${code(DTYPES[onnx.precision] ?? onnx.precision)} });\nconsole.log(await generate(${code(prompt)}, { max_new_tokens: 64${hasEncoder ? '' : ', add_special_tokens: true'} }));`,
    }] : []),
    ...(genai === null ? [] : [{
      runtime: 'ONNX Runtime GenAI', where: 'Python' as const,
      text: `import onnxruntime_genai as og\nmodel = og.Model(${code(folder)})\ntokenizer = og.Tokenizer(model)\ntokenizer.update_options(add_special_tokens=True)\ngenerator = og.Generator(model, og.GeneratorParams(model))\ngenerator.append_tokens(tokenizer.encode(${code(prompt)}))\nfor _ in range(64):\n    if generator.is_done():\n        break\n    generator.generate_next_token()\nprint(tokenizer.decode(generator.get_sequence(0)))`,
    }]),
    ...(safetensors ? [{
      runtime: 'Transformers', where: 'Python' as const,
      text: `from transformers import pipeline\ngenerate = pipeline("text-generation", ${code(folder)})\nprint(generate(${code(prompt)}, max_new_tokens=64)[0]["generated_text"])`,
    }] : []),
  ];
}

/** What transformers.js calls the precisions where it calls them otherwise. */
const DTYPES: Readonly<Record<string, string>> = { int8: 'q8', int4: 'q4' };
