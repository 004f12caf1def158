import { defineConfig } from 'vite';

/** The page is served from the root of its own origin, and everything it needs is bundled: nothing comes from the internet. */
export default defineConfig({
  root: import.meta.dirname,
  resolve: {
    alias: {
      // y-monaco asks for a path that the `exports` of monaco-editor 0.57 no longer has.
      'monaco-editor/esm/vs/editor/editor.api.js': 'monaco-editor/editor/editor.api',
    },
  },
  build: { target: 'es2022', chunkSizeWarningLimit: 4096 },
});
