/**
 * Stands in for a receiver that listens and reads whatever comes, but answers nothing and does not end on TERM:
 * `deafReceiver.child.ts PORT LOCK PIDFILE`.
 */
import {createServer} from 'node:net';
import {claimPresence} from '@fiona/lib/cli/daemon';

const [port = '', lockPath = '', pidFile = ''] = process.argv.slice(2);
process.on('SIGTERM', () => {});
await claimPresence({name: 'storescpd', lockPath, pidFile});
const server = createServer(socket => socket.on('error', () => {}).resume());
server.listen(Number(port), '127.0.0.1', () => console.log('listening'));
