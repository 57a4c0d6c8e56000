import type {Uid} from '@fiona/lib/dicom/uid';
import type {Disk} from './disk.ts';
import type {News} from './readNews.ts';
import {type Registered, rememberedStudy} from './register.ts';
import {type KnownStudy, type PopulateState, writePopulateState} from './state.ts';

/** Keeps the state of a run on disk as the run goes on. */
export interface StateKeeper {
  /** Notes what became of a part of the studies. What REDCap was asked for is not advanced: it has not all been acted on. */
  remember(registered: Registered): Promise<void>;
  /** Everything found has been acted on. */
  finish(news: News): Promise<void>;
  /** Studies that REDCap has not confirmed in this run. */
  readonly unconfirmed: number;
}

/**
 * @param noted new digests of records that others have changed
 */
export function openStateKeeper(
  stateDir: string,
  state: PopulateState,
  disk: Disk,
  noted: ReadonlyMap<Uid, string>,
): StateKeeper {
  const isOnDisk = (study: string) => disk.studies.has(study as Uid);
  const studies = new Map<string, KnownStudy>(Object.entries(state.studies).filter(([study]) => isOnDisk(study)));
  for (const [study, record] of noted) {
    const known = studies.get(study);
    if (known) studies.set(study, {...known, record});
  }
  const pending = new Set(state.pending.filter(isOnDisk));
  let unconfirmed = 0;
  const present = (): PopulateState => ({
    ...state,
    studies: Object.fromEntries(studies),
    pending: [...pending],
    ahead: disk.ahead,
  });
  return {
    get unconfirmed() {
      return unconfirmed;
    },
    async remember(registered) {
      for (const study of registered.confirmed) studies.set(study.plan.study, rememberedStudy(study));
      for (const {plan} of [...registered.confirmed, ...registered.refused]) pending.delete(plan.study);
      for (const {plan} of registered.pending) pending.add(plan.study);
      unconfirmed += registered.pending.length;
      await writePopulateState(stateDir, present());
    },
    async finish({couplings, couplingView, incomingView}) {
      await writePopulateState(stateDir, {...present(), couplings, couplingView, incomingView});
    },
  };
}
