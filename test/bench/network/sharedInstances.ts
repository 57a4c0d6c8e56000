import {linkSync, mkdirSync} from 'node:fs';
import {basename, join} from 'node:path';
import {type Instances, type InstancesWanted, writeInstances} from '../instances.ts';
import type {Workspace} from '../workspace.ts';

/** Instances that several associations send, each one its share. */
export interface SharedInstances extends Instances {
  /** A folder for each association; together they hold every instance once. */
  readonly shares: readonly string[];
}

/** Writes instances and deals them out. Remove `folder` and `shares` with {@link removeShared}. */
export function writeShared(workspace: Workspace, wanted: InstancesWanted, associations: number): SharedInstances {
  const instances = writeInstances(workspace.path('instances'), wanted);
  const shares = Array.from({length: associations}, (_, index) => workspace.path('shares', String(index)));
  for (const share of shares) mkdirSync(share, {recursive: true});
  for (const [index, path] of instances.paths.entries()) {
    linkSync(path, join(shares[index % associations] ?? '', basename(path)));
  }
  return {...instances, shares};
}

export function removeShared(workspace: Workspace): void {
  for (const name of ['instances', 'shares']) workspace.remove(workspace.path(name));
}
