import type { MutableRefObject } from 'preact/compat';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { FileEntry } from '../document/files.ts';
import type { Line } from '../document/line.ts';
import type { Person } from '../document/people.ts';
import { attachFile } from './attach.ts';
import { holdWhileComposing } from './compose.ts';
import { paintCursors } from './cursors.ts';
import { followTeacher } from './follow.ts';
import { monaco } from './monaco.ts';

type Editor = monaco.editor.IStandaloneCodeEditor;
type ViewState = monaco.editor.ICodeEditorViewState;

/** What others may do with the open editor. */
export interface EditorHandle {
  focus(): void;
}

export interface CodeEditorProps {
  line: Line;
  file: FileEntry;
  label: string;
  /** Shown in an empty file. */
  placeholder: string;
  /** Why typing is refused; undefined when it is not. */
  readOnly: string | undefined;
  fontSize: number;
  isShown: (person: Person) => boolean;
  following: boolean;
  openFile: (fileId: string) => void;
  /** The person looked elsewhere by themselves. */
  onWander: () => void;
  onRun: () => void;
  handle: MutableRefObject<EditorHandle | null>;
}

/** Where each file was left, so that changing tabs keeps the place. */
const places = new WeakMap<Line, Map<string, ViewState>>();

/** One Monaco editor for all files of a document: only its model changes. */
export function CodeEditor(props: CodeEditorProps) {
  const { line, file, label, placeholder, readOnly, fontSize, following } = props;
  const host = useRef<HTMLDivElement>(null);
  const [editor, setEditor] = useState<Editor>();
  const latest = useRef(props);
  latest.current = props;

  useEffect(() => {
    const created = monaco.editor.create(host.current!, {
      model: null,
      automaticLayout: true,
      minimap: { enabled: false },
      scrollBeyondLastLine: false,
      padding: { top: 12, bottom: 12 },
      fontFamily: getComputedStyle(host.current!).getPropertyValue('--mono'),
      lineNumbersMinChars: 3,
      folding: false,
      renderLineHighlight: 'line',
      overviewRulerLanes: 0,
      overviewRulerBorder: false,
      hideCursorInOverviewRuler: true,
      // Words of the document and nothing else: in a lesson the learner writes the program.
      quickSuggestions: false,
      fixedOverflowWidgets: true,
      wordWrap: matchMedia('(max-width: 640px)').matches ? 'on' : 'off',
    });
    created.addAction({
      id: 'lectern.run',
      label: 'Run',
      keybindings: [monaco.KeyMod.CtrlCmd | monaco.KeyCode.Enter],
      run: () => latest.current.onRun(),
    });
    const handle: EditorHandle = {
      focus: () => created.focus(),
    };
    props.handle.current = handle;
    setEditor(created);
    return () => {
      if (props.handle.current === handle) props.handle.current = null;
      created.dispose();
    };
  }, []);

  useEffect(() => {
    if (editor === undefined) return undefined;
    const detach = attachFile(editor, line, file, (person) => latest.current.isShown(person));
    editor.restoreViewState(places.get(line)?.get(file.id) ?? null);
    return () => {
      const place = editor.saveViewState();
      if (place !== null) places.set(line, (places.get(line) ?? new Map<string, ViewState>()).set(file.id, place));
      detach();
    };
  }, [editor, line, file.id, file.language]);

  useEffect(() => (editor === undefined ? undefined : paintCursors(line)), [editor, line]);
  useEffect(() => (editor === undefined ? undefined : holdWhileComposing(editor, line)), [editor, line]);

  useEffect(() => {
    editor?.updateOptions({
      ariaLabel: label,
      fontSize,
      placeholder,
      readOnly: readOnly !== undefined,
      readOnlyMessage: { value: readOnly ?? '' },
      tabFocusMode: readOnly !== undefined,
    });
  }, [editor, label, placeholder, fontSize, readOnly]);

  useEffect(() => {
    if (editor === undefined || !following) return undefined;
    return followTeacher({ editor, line, fileId: file.id, openFile: (id) => latest.current.openFile(id) });
  }, [editor, line, file.id, following]);

  const wander = () => latest.current.onWander();
  const onKeyDown = (event: KeyboardEvent) => {
    // Shortcuts, such as the one that runs, are no wish to look elsewhere.
    if (!event.ctrlKey && !event.metaKey) wander();
  };
  return (
    <div ref={host} class="code" onWheelCapture={wander} onPointerDownCapture={wander} onKeyDownCapture={onKeyDown} />
  );
}
