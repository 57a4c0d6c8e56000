import type {Clock} from '@fiona/lib/cli/clock';
import type {Log} from '@fiona/lib/cli/log';
import {presentFields} from '@fiona/lib/redcap/fields';
import {incomingRows, type Transfer, transferFields} from '@fiona/lib/redcap/incoming';
import type {Redcap} from '@fiona/lib/redcap/redcap';

/** Studies asked for in one call. */
const studiesAtOnce = 100;
/** A run may last for hours: what REDCap said longer ago is asked for again. */
const freshMs = 60_000;

/** The transfer rows of studies, asked for many studies at a time and never used when they are old. */
export class TransferFacts {
  readonly #incoming: Redcap;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #known = new Map<string, {readonly transfers: readonly Transfer[]; readonly asked: number}>();

  constructor(incoming: Redcap, clock: Clock, log: Log) {
    this.#incoming = incoming;
    this.#clock = clock;
    this.#log = log;
  }

  /**
   * The transfer rows of a study.
   * @param ahead studies that will be asked for next; called only when a call is made anyway
   * @throws RedcapError
   */
  async of(study: string, ahead: () => Promise<readonly string[]>): Promise<readonly Transfer[]> {
    const known = this.#known.get(study);
    if (known !== undefined && this.#clock.monotonic() - known.asked < freshMs) return known.transfers;
    const studies = [...new Set([study, ...(await ahead())])].slice(0, studiesAtOnce);
    await this.#ask(studies);
    return this.#known.get(study)?.transfers ?? [];
  }

  async #ask(studies: readonly string[]): Promise<void> {
    const asked = this.#clock.monotonic();
    const fields = await presentFields(this.#incoming, transferFields, this.#log);
    const rows = await this.#incoming.read({fields, records: studies, onlyForm: 'transfers'});
    const byStudy = Map.groupBy(incomingRows(rows).transfers, transfer => transfer.study);
    for (const study of studies) this.#known.set(study, {transfers: byStudy.get(study) ?? [], asked});
  }
}
