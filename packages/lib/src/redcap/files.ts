import {randomBytes} from 'node:crypto';
import type {Parameter} from './form.ts';
import type {FilePlace, Redcap} from './redcap.ts';
import type {Server} from './server.ts';

/** Documents in file fields of one project. */
export function createFiles(server: Server, token: string): Redcap['file'] {
  return {
    async get(place) {
      const {bytes, headers} = await server.download({
        content: 'file',
        parameters: [['action', 'export'], ...where(place)],
        expected: 'nothing',
        changes: false,
        repeatable: true,
      });
      return {name: /name="([^"]*)"/.exec(headers['content-type'] ?? '')?.[1] ?? '', bytes};
    },
    // a repeated upload makes a second document of the same end state, but nobody knows whether the first one arrived
    async put(place, name, bytes) {
      const multipart = multipartBody(
        [['token', token], ['content', 'file'], ['action', 'import'], ['returnFormat', 'json'], ...where(place)],
        name,
        bytes,
      );
      await server.call({
        content: 'file',
        parameters: [],
        multipart,
        expected: 'nothing',
        changes: true,
        repeatable: false,
      });
    },
    async remove(place) {
      await server.call({
        content: 'file',
        parameters: [['action', 'delete'], ...where(place)],
        expected: 'nothing',
        changes: true,
        repeatable: false,
      });
    },
  };
}

function where({record, field, event, instance}: FilePlace): Parameter[] {
  return [
    ['record', record],
    ['field', field],
    ...(event === undefined ? [] : [['event', event] as const]),
    ...(instance === undefined ? [] : [['repeat_instance', String(instance)] as const]),
  ];
}

function multipartBody(
  parameters: readonly Parameter[],
  fileName: string,
  bytes: Buffer,
): {contentType: string; body: Buffer} {
  const boundary = `fiona${randomBytes(16).toString('hex')}`;
  const quoted = (text: string) => text.replaceAll(/["\r\n]/g, character => encodeURIComponent(character));
  const head = parameters
    .map(
      ([name, value]) => `--${boundary}\r\nContent-Disposition: form-data; name="${quoted(name)}"\r\n\r\n${value}\r\n`,
    )
    .join('');
  const file = `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="${quoted(fileName)}"\r\nContent-Type: application/octet-stream\r\n\r\n`;
  return {
    contentType: `multipart/form-data; boundary=${boundary}`,
    body: Buffer.concat([Buffer.from(head + file), bytes, Buffer.from(`\r\n--${boundary}--\r\n`)]),
  };
}
