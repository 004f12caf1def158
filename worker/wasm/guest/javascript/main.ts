import { finish, measureFromHere, readProgram, send } from '../channel.ts';
import { lockDown } from '../lockdown.ts';
import { createInterpreter } from './interpreter.ts';
import { compileTypeScript, loadTypeScript } from './typescript.ts';

const interpreter = await createInterpreter();
send({ type: 'ready' });

const program = readProgram();
measureFromHere();
// The compiler is large, and few programs need it.
if (program.language === 'typescript') loadTypeScript();
lockDown();
const sources = new Map(program.files.map((file) => [file.path, file.content]));
if (program.language === 'typescript') {
  const { code, original, diagnostics } = compileTypeScript(sources);
  if (diagnostics.length > 0) finish({ status: 'compile-error', exitCode: null, diagnostics });
  send({ type: 'running' });
  measureFromHere();
  interpreter.run({ program, sources, code, original });
}
interpreter.run({ program, sources, code: sources, original: (stack) => stack });
