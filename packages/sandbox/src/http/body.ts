import type {IncomingMessage} from 'node:http';

/**
 * Reads a request body. One that is larger than `limit` bytes counts as empty, as PHP's post_max_size has it; the rest is
 * read and thrown away, so that the sender gets an answer. Rejects when the sender goes away.
 */
export async function readBody(request: IncomingMessage, limit: number): Promise<Buffer> {
  let chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length <= limit) chunks.push(chunk);
    else chunks = [];
  }
  return length > limit ? Buffer.alloc(0) : Buffer.concat(chunks);
}
