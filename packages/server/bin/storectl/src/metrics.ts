import type {ReceiverCounters} from '@fiona/lib/dimse/receiver';

/** What a look at the receiver finds. */
export interface Snapshot {
  readonly counters: ReceiverCounters;
  readonly openAssociations: number;
  /** From the last byte of an instance to its answer. */
  readonly finishing: Durations;
  /** Bytes that may be written before the reserve of the disk is touched. */
  readonly spareBytes: number;
  /** Received bytes that wait in memory for the disk. */
  readonly waitingBytes: number;
  readonly residentBytes: number;
  /** Unix time in seconds. */
  readonly startedAt: number;
  readonly writtenAt: number;
  /** End of the TLS certificate, Unix time in seconds; undefined without TLS. */
  readonly certificateEnd: number | undefined;
}

const bounds = [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10];

/** A histogram of durations in seconds. */
export class Durations {
  readonly #counts = bounds.map(() => 0);
  #sum = 0;
  #count = 0;

  add(seconds: number): void {
    this.#sum += seconds;
    this.#count += 1;
    bounds.forEach((bound, index) => {
      if (seconds <= bound) this.#counts[index] = (this.#counts[index] ?? 0) + 1;
    });
  }

  /** The lines of a histogram in the text format. */
  lines(name: string): string[] {
    return [
      ...bounds.map((bound, index) => `${name}_bucket{le="${bound}"} ${this.#counts[index]}`),
      `${name}_bucket{le="+Inf"} ${this.#count}`,
      `${name}_sum ${this.#sum}`,
      `${name}_count ${this.#count}`,
    ];
  }
}

/**
 * The counters in the text exposition format of Prometheus, version 0.0.4. The labels have few values: nothing that a sender chooses
 * (AE titles, UIDs) is one of them.
 */
export function metricsText(snapshot: Snapshot): string {
  const {counters, finishing} = snapshot;
  const metric = (name: string, type: string, help: string, lines: readonly string[]): string[] => [
    `# HELP ${name} ${help}`,
    `# TYPE ${name} ${type}`,
    ...lines,
  ];
  const one = (name: string, type: 'counter' | 'gauge', help: string, value: number): string[] =>
    metric(name, type, help, [`${name} ${Number.isFinite(value) ? value : '+Inf'}`]);
  const by = (name: string, help: string, label: string, values: Iterable<[string, number]>): string[] =>
    metric(
      name,
      'counter',
      help,
      [...values].map(([key, value]) => `${name}{${label}="${key}"} ${value}`),
    );
  const ends = ['released', 'rejected', 'aborted', 'closed', 'timeout', 'protocol', 'cancelled'] as const;
  const statuses = [...counters.statuses].map(([status, count]): [string, number] => [hex(status), count]);
  const lines = [
    ...one('fiona_receiver_start_time_seconds', 'gauge', 'When the receiver was started.', snapshot.startedAt),
    ...one('fiona_receiver_written_time_seconds', 'gauge', 'When this file was written.', snapshot.writtenAt),
    ...one('fiona_receiver_connections_total', 'counter', 'Connections taken.', counters.connections),
    ...one('fiona_receiver_connections_dropped_total', 'counter', 'Connections not taken: too many.', counters.dropped),
    ...one('fiona_receiver_tls_failures_total', 'counter', 'TLS handshakes that failed.', counters.handshakeFailures),
    ...one('fiona_receiver_associations_open', 'gauge', 'Associations open now.', snapshot.openAssociations),
    ...by(
      'fiona_receiver_associations_ended_total',
      'Associations that are over, by how they ended.',
      'end',
      ends.map((end): [string, number] => [end, counters.ends.get(end) ?? 0]),
    ),
    ...by('fiona_receiver_instances_total', 'C-STORE requests by the status answered.', 'status', statuses),
    ...one('fiona_receiver_bytes_total', 'counter', 'Data set bytes of answered C-STORE requests.', counters.bytes),
    ...metric(
      'fiona_receiver_finish_seconds',
      'histogram',
      'From the last byte of an instance to its answer: waiting for the disk.',
      finishing.lines('fiona_receiver_finish_seconds'),
    ),
    ...one('fiona_receiver_spare_bytes', 'gauge', 'Disk space above the reserve.', snapshot.spareBytes),
    ...one('fiona_receiver_waiting_bytes', 'gauge', 'Received bytes waiting for the disk.', snapshot.waitingBytes),
    ...one('fiona_receiver_resident_bytes', 'gauge', 'Memory of the receiver.', snapshot.residentBytes),
    ...(snapshot.certificateEnd === undefined
      ? []
      : one('fiona_receiver_certificate_end_seconds', 'gauge', 'End of the TLS certificate.', snapshot.certificateEnd)),
  ];
  return `${lines.join('\n')}\n`;
}

function hex(status: number): string {
  return status.toString(16).toUpperCase().padStart(4, '0');
}
