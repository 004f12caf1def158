let loading: Promise<typeof import('../editor/code-editor.tsx')> | undefined;

/** The editor is most of the page's weight, so it comes by itself; a failed attempt may be repeated. */
export function loadEditor(): Promise<typeof import('../editor/code-editor.tsx')> {
  loading ??= import('../editor/code-editor.tsx').catch((error: unknown) => {
    loading = undefined;
    throw error;
  });
  return loading;
}
