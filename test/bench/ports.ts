import {once} from 'node:events';
import {connect} from 'node:net';
import {setTimeout as sleep} from 'node:timers/promises';

const longest = 15_000;

/** Waits until somebody listens on a port of loopback. @throws Error after 15 s */
export async function waitForPort(port: number): Promise<void> {
  const deadline = performance.now() + longest;
  while (performance.now() < deadline) {
    const socket = connect(port, '127.0.0.1');
    try {
      await once(socket, 'connect');
      return;
    } catch {
      await sleep(20);
    } finally {
      socket.destroy();
    }
  }
  throw new Error(`nobody listens on port ${port}`);
}
