import {readFileSync} from 'node:fs';
import {request as httpRequest} from 'node:http';
import {request as httpsRequest} from 'node:https';

export interface RedcapAnswer {
  status: number;
  contentType: string;
  headers: Record<string, string | string[] | undefined>;
  text: string;
  /** The body parsed as JSON, undefined when it is not JSON. */
  json: unknown;
}

/** Where to call: `caFile` '' for plain HTTP. */
export interface RedcapAddress {
  redcapUrl: string;
  caFile: string;
}

/** Encodes parameters as clients do: lists become `name[0]=…&name[1]=…`. */
export function encodeParameters(parameters: Record<string, string | string[]>): string {
  const pairs = Object.entries(parameters).flatMap(([name, value]) =>
    typeof value === 'string' ? [[name, value]] : value.map((entry, index) => [`${name}[${index}]`, entry]),
  );
  return new URLSearchParams(pairs as [string, string][]).toString();
}

/** One call with a raw body, without the product's client. Rejects when the connection breaks. */
export function postRaw(
  {redcapUrl, caFile}: RedcapAddress,
  body: string | Buffer,
  options: {method?: string; headers?: Record<string, string>; signal?: AbortSignal} = {},
): Promise<RedcapAnswer> {
  const secure = redcapUrl.startsWith('https:');
  const headers = {
    'Content-Type': 'application/x-www-form-urlencoded',
    'Content-Length': String(Buffer.byteLength(body)),
    ...options.headers,
  };
  return new Promise((resolve, reject) => {
    const send = secure ? httpsRequest : httpRequest;
    const tls = secure ? {ca: readFileSync(caFile)} : {};
    const request = send(
      redcapUrl,
      {
        method: options.method ?? 'POST',
        headers,
        agent: false,
        ...tls,
        ...(options.signal && {signal: options.signal}),
      },
      response => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString('utf8');
          const contentType = response.headers['content-type'] ?? '';
          resolve({status: response.statusCode ?? 0, contentType, headers: response.headers, text, json: parsed(text)});
        });
      },
    );
    request.on('error', reject);
    request.end(body);
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** One call with parameters; `format` is json unless given. */
export function callRedcap(
  address: RedcapAddress,
  parameters: Record<string, string | string[]>,
): Promise<RedcapAnswer> {
  return postRaw(address, encodeParameters({format: 'json', ...parameters}));
}
