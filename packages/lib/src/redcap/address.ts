import {readFileSync} from 'node:fs';
import {whyOf} from '../fs/fileError.ts';
import type {Connection} from './options.ts';
import {RedcapError} from './redcapError.ts';

/**
 * The address of the API: https (http only to this host, unless permitted), nothing but host and path, path ends in `/api/`.
 * @throws RedcapError of kind `config`
 */
export function checkedUrl({url: text, http, project}: Connection): URL {
  const refuse = (message: string) => new RedcapError({kind: 'config', message, project, content: 'connect'});
  const url = URL.parse(text);
  if (!url || !['http:', 'https:'].includes(url.protocol)) throw refuse('REDCAP.url is no http(s) address');
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw refuse('REDCAP.url must hold nothing but host and path');
  }
  if (!url.pathname.endsWith('/api/')) throw refuse('REDCAP.url must end in /api/');
  if (url.protocol === 'http:' && !isLoopback(url) && !http.allowPlainHttp) {
    throw refuse('REDCAP.url must be https (or set REDCAP.allowPlainHttp)');
  }
  return url;
}

/** Whether an address is on this host. */
export function isLoopback(url: URL): boolean {
  return url.hostname === 'localhost' || url.hostname === '[::1]' || /^127(?:\.\d+){3}$/.test(url.hostname);
}

/**
 * Where a redirect may lead: another path of the same host, never from https to http.
 * @returns undefined when it leads elsewhere
 */
export function followedRedirect(from: URL, location: string | undefined): URL | undefined {
  const to = location === undefined ? null : URL.parse(location, from.href);
  if (to?.hostname !== from.hostname) return undefined;
  return to.protocol === 'https:' || to.protocol === from.protocol ? to : undefined;
}

/** Certificates of the private authority, PEM. @throws RedcapError of kind `config` */
export function readAuthority({http: {caFile}, project}: Connection): string | undefined {
  if (caFile === undefined) return undefined;
  try {
    return readFileSync(caFile, 'utf8');
  } catch (error) {
    const message = `REDCAP.caFile ${caFile} cannot be read: ${whyOf(error)}`;
    throw new RedcapError({kind: 'config', message, project, content: 'connect', hint: 'correct REDCAP.caFile'});
  }
}
