/** Names as people write them; a language that is not here is shown by its id. */
const names: Record<string, string> = {
  c: 'C',
  cpp: 'C++',
  java: 'Java',
  javascript: 'JavaScript',
  python: 'Python',
  text: 'Text',
  typescript: 'TypeScript',
};

export function languageName(id: string): string {
  return names[id] ?? id;
}

const extensions: Record<string, string> = {
  c: 'c',
  cc: 'cpp',
  cpp: 'cpp',
  cxx: 'cpp',
  h: 'cpp',
  hpp: 'cpp',
  java: 'java',
  cjs: 'javascript',
  js: 'javascript',
  mjs: 'javascript',
  py: 'python',
  ts: 'typescript',
};

/** The language of a file by the end of its name; plain text when it says nothing. */
export function languageOfPath(path: string): string {
  return extensions[path.slice(path.lastIndexOf('.') + 1).toLowerCase()] ?? 'text';
}
