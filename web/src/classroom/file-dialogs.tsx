import { createFile, deleteFile, renameFile } from '../api/documents.ts';
import { mainFileId, type FileEntry } from '../document/files.ts';
import { languageOfPath } from '../languages.ts';
import { usePage } from '../page.ts';
import { Dialog } from '../ui/dialog.tsx';
import { Field, Form } from '../ui/form.tsx';

/** Files are made, renamed and deleted by the server, so that two people who do it at once lose nothing. */
export function NewFileDialog(props: { document: string; onDone: (path: string) => void; onClose: () => void }) {
  const { client, strings } = usePage();
  const texts = strings.documents;
  return (
    <Dialog title={texts.newFile} onClose={props.onClose}>
      <Form
        submit={texts.create}
        send={async ({ path = '' }) => {
          await createFile(client, props.document, { path: path.trim(), language: languageOfPath(path.trim()) });
          props.onDone(path.trim());
        }}
      >
        <PathField />
      </Form>
    </Dialog>
  );
}

export function FileDialog(props: { document: string; file: FileEntry; onClose: () => void }) {
  const { client, strings } = usePage();
  const { document, file, onClose } = props;
  const texts = strings.documents;
  return (
    <Dialog title={file.path} onClose={onClose}>
      <Form
        label={texts.renameTitle(file.path)}
        submit={texts.rename}
        send={async ({ path = '' }) => {
          await renameFile(client, document, file.id, { path: path.trim(), language: languageOfPath(path.trim()) });
          onClose();
        }}
      >
        <PathField value={file.path} />
      </Form>
      {file.id !== mainFileId && (
        <Form
          class="divided"
          label={texts.deleteTitle(file.path)}
          submit={texts.delete}
          danger
          send={async () => {
            await deleteFile(client, document, file.id);
            onClose();
          }}
        >
          <p>{texts.deleteText}</p>
        </Form>
      )}
    </Dialog>
  );
}

function PathField({ value }: { value?: string }) {
  const { strings } = usePage();
  return (
    <Field
      label={strings.documents.fileName}
      hint={strings.documents.fileNameHint}
      name="path"
      required
      maxlength={200}
      autocomplete="off"
      autocapitalize="off"
      spellcheck={false}
      defaultValue={value}
    />
  );
}
