import {mkdtempSync} from 'node:fs';
import {rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {onTestFinished} from 'vitest';
import type {Uid} from '../../src/dicom/uid.ts';
import type {TransferRequest} from '../../src/transfers/request.ts';

export function aRequest(change: Partial<TransferRequest> = {}): TransferRequest {
  return {
    study: '1.2.826.0.1.3680043.10.999.1' as Uid,
    instance: 1,
    project: 'PROJ',
    name: 'PROJ_0017',
    event: 'Baseline',
    requestedDate: '2024-01-31 10:15',
    transferDate: '',
    ...change,
  };
}

/** A folder that is gone after the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'fiona-transfers-'));
  onTestFinished(() => rm(folder, {recursive: true, force: true}));
  return folder;
}
