/** Bytes that were received and wait in memory for the disk, over all files of a receiver. */
export class Backlog {
  /** Beyond this senders are to be held back. */
  readonly most: number;
  bytes = 0;

  constructor(most: number) {
    this.most = most;
  }

  get isFull(): boolean {
    return this.bytes >= this.most;
  }
}
