import { useEffect, useState } from 'preact/hooks';
import type { MutableRefObject } from 'preact/compat';
import { closeCodes } from '#contract/close-codes.ts';
import type { Classroom } from '#contract/api/classrooms.ts';
import { isStaff } from '#contract/roles.ts';
import { parseDocumentName } from '#contract/document-name.ts';
import type { Line } from '../document/line.ts';
import type { EditorHandle } from '../editor/code-editor.tsx';
import { keys } from '../keys.ts';
import { usePage } from '../page.ts';
import { useStore } from '../store.ts';
import { FileBar } from './file-bar.tsx';
import { loadEditor } from './load-editor.ts';
import type { Room } from './room.ts';
import { RunPanel } from './run-panel.tsx';
import { useRemembered } from './use-remembered.ts';
import { useRun } from './use-run.ts';

type EditorModule = Awaited<ReturnType<typeof loadEditor>>;

/** One document: its files, the editor, and what running it prints. */
export function Workbench(props: {
  room: Room;
  classroom: Classroom;
  line: Line;
  userId: string;
  editor: MutableRefObject<EditorHandle | null>;
}) {
  const { room, classroom, line, userId } = props;
  const { strings } = usePage();
  const { trouble } = useStore(room.state);
  const loaded = useStore(line.state, (state) => state.loaded);
  const cannotLoad = useStore(line.state, ({ closedBy }) => closedBy === closeCodes.cannotLoad.code);
  const files = useStore(line.state, (state) => state.files);
  const accepting = useStore(line.state, (state) => state.server?.accepting ?? true);
  const [wantedFile, setWantedFile] = useState<string>();
  const [stdin, setStdin] = useState('');
  const [fontSize, setFontSize] = useRemembered('lectern.text-size', 15);
  const [following, setFollowing] = useState(line.access === 'read');
  const [module, setModule] = useState<EditorModule>();
  const [failed, setFailed] = useState(false);
  const view = useRun(line, classroom.id);
  const file = files.find(({ id }) => id === wantedFile) ?? files[0];

  const load = () => {
    setFailed(false);
    loadEditor().then(setModule, () => setFailed(true));
  };
  useEffect(load, []);
  useEffect(() => setFollowing(line.access === 'read'), [line]);

  const run = () => {
    if (file !== undefined) view.start(file.id, stdin);
  };
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey) || event.defaultPrevented) return;
      event.preventDefault();
      run();
    };
    document.addEventListener('keydown', onKeyDown);
    return () => document.removeEventListener('keydown', onKeyDown);
  });

  const readOnly = line.access === 'read' ? whyReadOnly(strings, classroom, line) : undefined;
  const onlyStaffCursors = parseDocumentName(line.name)?.kind === 'main' && classroom.mode !== 'free';
  return (
    <div class="workbench">
      <FileBar
        line={line}
        files={files}
        file={file}
        onSelect={(id) => {
          setFollowing(false);
          setWantedFile(id);
        }}
        fontSize={fontSize}
        onFontSize={setFontSize}
        following={line.access === 'read' ? following : undefined}
        onFollow={setFollowing}
        onRun={run}
        busy={view.sending}
      />
      {trouble !== undefined && (
        <div class="notice" role="alert">
          <p>{strings.documents.trouble[trouble]}</p>
          <button type="button" onClick={room.startOver}>
            {strings.documents.startOver}
          </button>
          <button type="button" class="quiet" onClick={room.tryAgain}>
            {strings.tryAgain}
          </button>
        </div>
      )}
      <div class="editor">
        {failed ? (
          <div class="opening" role="alert">
            <p>{strings.documents.editorFailed}</p>
            <button type="button" onClick={load}>
              {strings.tryAgain}
            </button>
          </div>
        ) : !loaded || file === undefined || module === undefined ? (
          <p class="opening">{cannotLoad ? strings.documents.cannotLoad : strings.documents.opening}</p>
        ) : (
          <module.CodeEditor
            line={line}
            file={file}
            label={strings.documents.editorLabel(file.path, keys.leaveEditor)}
            placeholder={line.access === 'write' ? strings.documents.placeholder : ''}
            readOnly={readOnly ?? (accepting ? undefined : strings.mode.pausedWriting)}
            fontSize={fontSize}
            isShown={(person) => !onlyStaffCursors || isStaff(person.user.role)}
            following={following}
            openFile={setWantedFile}
            onWander={() => setFollowing(false)}
            onRun={run}
            handle={props.editor}
          />
        )}
      </div>
      <RunPanel
        view={view}
        mayCancel={isStaff(classroom.myRole) || view.run?.by.id === userId}
        stdin={stdin}
        onStdin={setStdin}
      />
    </div>
  );
}

function whyReadOnly(strings: ReturnType<typeof usePage>['strings'], classroom: Classroom, line: Line): string {
  const isMain = parseDocumentName(line.name)?.kind === 'main';
  if (!isMain) return strings.mode.readOnly;
  return { lecture: strings.mode.readMain, practice: strings.mode.readMainInPractice, free: strings.mode.readOnly }[
    classroom.mode
  ];
}
