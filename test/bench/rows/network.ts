import {measureTransfers} from '../network/transfers.ts';
import type {Measurement} from '../table.ts';
import type {Workspace} from '../workspace.ts';

/** Slices of a CT. */
export const measureLargeInstances = (workspace: Workspace): Promise<Measurement[]> =>
  measureTransfers(workspace, {count: 500, size: 512, study: 1});

/** Small pictures, where what each instance costs counts. */
export const measureSmallInstances = (workspace: Workspace): Promise<Measurement[]> =>
  measureTransfers(workspace, {count: 2000, size: 128, study: 2});
