import { fsyncSync, renameSync } from 'node:fs';
import type { PGlite } from '@electric-sql/pglite';
import { NodeFS } from '@electric-sql/pglite/nodefs';

type InitOptions = Parameters<NodeFS['init']>[1];
type Initialised = Awaited<ReturnType<NodeFS['init']>>;

/** The parts of Emscripten's node file system that are mended here. */
type Node = { name: string };
/** `nfd` is the descriptor of the real file or folder. */
type Stream = { nfd: number };
type NodeFileSystem = {
  realPath(node: Node): string;
  tryFSOperation<T>(operation: () => T): T;
  node_ops: { rename(node: Node, folder: Node, name: string): void };
  stream_ops: { fsync?(stream: Stream): number };
};
type EmscriptenFs = {
  filesystems: { NODEFS: NodeFileSystem };
  lookupNode(folder: Node, name: string): Node;
  hashRemoveNode(node: Node): void;
};

/** PGlite's folder on disk, with what it lacks against a crash: fsync, which it ignores, and a rename that replaces its
 * target at once instead of removing it first. */
export class DurableNodeFs extends NodeFS {
  override async init(database: PGlite, options: InitOptions): Promise<Initialised> {
    const mend = (module: { FS: unknown }) => mendFileSystem(module.FS as EmscriptenFs);
    return super.init(database, { ...options, preRun: [...(options.preRun ?? []), mend] });
  }
}

function mendFileSystem(fs: EmscriptenFs): void {
  const nodeFs = fs.filesystems.NODEFS;
  nodeFs.stream_ops.fsync = ({ nfd }) => {
    nodeFs.tryFSOperation(() => fsyncSync(nfd));
    return 0;
  };
  nodeFs.node_ops.rename = (node, folder, name) => {
    forgetNode(fs, folder, name);
    const target = `${nodeFs.realPath(folder)}/${name}`;
    nodeFs.tryFSOperation(() => renameSync(nodeFs.realPath(node), target));
    node.name = name;
  };
}

/** The file under the new name is about to be replaced: its cached node must not outlive it. */
function forgetNode(fs: EmscriptenFs, folder: Node, name: string): void {
  let replaced: Node;
  try {
    replaced = fs.lookupNode(folder, name);
  } catch {
    return;
  }
  fs.hashRemoveNode(replaced);
}
