import { useEffect, useState } from 'preact/hooks';
import type { FileEntry } from '../document/files.ts';
import type { Line } from '../document/line.ts';
import { keys } from '../keys.ts';
import { usePage } from '../page.ts';
import { MoreIcon, PlayIcon, PlusIcon } from '../ui/icons.tsx';
import { Tabs } from '../ui/tabs.tsx';
import { FileDialog, NewFileDialog } from './file-dialogs.tsx';

const textSizes = { min: 11, max: 32, step: 2 };

/** The files of the document and what one does with them. */
export function FileBar(props: {
  line: Line;
  files: FileEntry[];
  file: FileEntry | undefined;
  onSelect: (fileId: string) => void;
  fontSize: number;
  onFontSize: (size: number) => void;
  /** Undefined where there is nobody to follow. */
  following: boolean | undefined;
  onFollow: (following: boolean) => void;
  onRun: () => void;
  busy: boolean;
}) {
  const { strings } = usePage();
  const { line, files, file, fontSize } = props;
  const [dialog, setDialog] = useState<'new' | 'file'>();
  const [awaited, setAwaited] = useState<string>();
  const texts = strings.documents;

  // A new file arrives through the document like everybody's edits; whoever made it wants to see it then.
  useEffect(() => {
    const arrived = files.find(({ path }) => path === awaited);
    if (arrived === undefined) return;
    setAwaited(undefined);
    props.onSelect(arrived.id);
  }, [files, awaited]);

  return (
    <div class="file-bar">
      <Tabs
        class="files"
        label={texts.files}
        tabs={files.map(({ id, path }) => ({ id, label: path }))}
        selected={file?.id}
        onSelect={props.onSelect}
      />
      {line.access === 'write' && file !== undefined && (
        <>
          <button
            type="button"
            class="icon-button"
            aria-label={texts.fileMenu(file.path)}
            title={texts.fileMenu(file.path)}
            onClick={() => setDialog('file')}
          >
            <MoreIcon />
          </button>
          <button
            type="button"
            class="icon-button"
            aria-label={texts.newFile}
            title={texts.newFile}
            onClick={() => setDialog('new')}
          >
            <PlusIcon />
          </button>
        </>
      )}
      <span class="push" />
      {props.following !== undefined && (
        <button
          type="button"
          class="quiet follow"
          aria-pressed={props.following}
          onClick={() => props.onFollow(!props.following)}
        >
          {texts.follow}
        </button>
      )}
      <div class="text-size">
        <button
          type="button"
          class="icon-button"
          aria-label={texts.textSmaller}
          title={texts.textSmaller}
          onClick={() => props.onFontSize(Math.max(fontSize - textSizes.step, textSizes.min))}
        >
          A
        </button>
        <button
          type="button"
          class="icon-button large"
          aria-label={texts.textLarger}
          title={texts.textLarger}
          onClick={() => props.onFontSize(Math.min(fontSize + textSizes.step, textSizes.max))}
        >
          A
        </button>
      </div>
      <button type="button" class="primary run" aria-disabled={props.busy} onClick={props.onRun}>
        <PlayIcon /> {strings.run.run} <kbd>{keys.run}</kbd>
      </button>
      {dialog === 'new' && (
        <NewFileDialog
          document={line.name}
          onClose={() => setDialog(undefined)}
          onDone={(path) => {
            setDialog(undefined);
            setAwaited(path);
          }}
        />
      )}
      {dialog === 'file' && file !== undefined && (
        <FileDialog document={line.name} file={file} onClose={() => setDialog(undefined)} />
      )}
    </div>
  );
}
