import type { Engine } from './imports.ts';

type FileNode = { contents: { length: number } };
type Folder = { contents: Record<string, FileNode | undefined> };

const noSpaceLeft = 51;

/** The program's files live in this process's memory: together they may take `maxBytes`, then there is no space left. */
export function limitDisk({ FS }: Engine, maxBytes: number): void {
  const memory = FS.filesystems.MEMFS;
  let used = 0;
  const charged = (change: (node: FileNode, size: number) => void) => (node: FileNode, size: number) => {
    const before = node.contents.length;
    if (size > before && used + size - before > maxBytes) throw new FS.ErrnoError(noSpaceLeft);
    change.call(memory, node, size);
    used += node.contents.length - before;
  };
  memory.expandFileStorage = charged(memory.expandFileStorage);
  memory.resizeFileStorage = charged(memory.resizeFileStorage);
  const folders = memory.ops_table.dir.node;
  const { unlink } = folders;
  folders.unlink = (folder: Folder, name: string) => {
    used -= folder.contents[name]?.contents.length ?? 0;
    unlink(folder, name);
  };
}

export type MemoryFiles = {
  expandFileStorage(node: FileNode, size: number): void;
  resizeFileStorage(node: FileNode, size: number): void;
  ops_table: { dir: { node: { unlink(folder: Folder, name: string): void } } };
};
