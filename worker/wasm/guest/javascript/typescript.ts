import { Buffer } from 'node:buffer';
import { SourceMap, stripTypeScriptTypes } from 'node:module';
import type { Diagnostic } from '../../protocol.ts';

/** Loads the compiler; when the doors are closed it would find nothing. */
export function loadTypeScript(): void {
  stripTypeScriptTypes('const ready: boolean = true;');
}

function compile(source: string): { code: string; map?: SourceMap } {
  try {
    // Types become spaces: every line and column stays where it was.
    return { code: stripTypeScriptTypes(source, { mode: 'strip' }) };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX') throw error;
  }
  // Enums, namespaces and parameter properties need new code.
  const text = stripTypeScriptTypes(source, { mode: 'transform', sourceMap: true });
  const [code = '', map = ''] = text.split('\n\n//# sourceMappingURL=data:application/json;base64,');
  return { code, map: new SourceMap(JSON.parse(Buffer.from(map, 'base64').toString()) as SourceMap['payload']) };
}

/** Node heads the stack of a syntax error with ":line", the lines around it and a caret below the place. */
function diagnose(file: string, error: unknown): Diagnostic {
  const { message, stack = '' } = error as Error;
  const lines = stack.split('\n');
  const caret = lines.find((line) => /^\s*\^+$/.test(line)) ?? '^';
  const line = Number(/^:(\d+)$/.exec(lines[0] ?? '')?.[1] ?? 1);
  return { file, line, column: caret.indexOf('^') + 1, severity: 'error', message };
}

type Compiled = {
  code: Map<string, string>;
  /** Puts the places in a stack back to where they were written. */
  original: (stack: string) => string;
  diagnostics: Diagnostic[];
};

/** Turns the TypeScript among the files into JavaScript under the same names. Types are taken out, not checked. */
export function compileTypeScript(sources: Map<string, string>): Compiled {
  const code = new Map(sources);
  const maps = new Map<string, SourceMap>();
  const diagnostics: Diagnostic[] = [];
  for (const [path, source] of sources) {
    if (!/\.[cm]?ts$/.test(path)) continue;
    try {
      const compiled = compile(source);
      code.set(path, compiled.code);
      if (compiled.map !== undefined) maps.set(path, compiled.map);
    } catch (error) {
      diagnostics.push(diagnose(path, error));
    }
  }
  const original = (stack: string) =>
    stack.replace(/([^\s(]+):(\d+):(\d+)/g, (place, path: string, line: string, column: string) => {
      const origin = maps.get(path)?.findOrigin(Number(line), Number(column));
      return origin && 'lineNumber' in origin ? `${path}:${origin.lineNumber}:${origin.columnNumber}` : place;
    });
  return { code, original, diagnostics };
}
