import net from 'node:net';
import { performance } from 'node:perf_hooks';

/**
 * A load generator that costs next to nothing: it shares the processors with what it measures. Each connection sends its
 * next request when the answer to the last one is there.
 */
export interface Load {
  port: number;
  path: string;
  connections: number;
  seconds: number;
  /** The next request: its credential, its body, and the headers beside them. */
  next: () => { token: string; key: string; body: string };
}

export interface Figures {
  perSecond: number;
  p50: number;
  p99: number;
  /** Answers other than 200. */
  failed: number;
}

export async function drive(load: Load): Promise<Figures> {
  const latencies: number[] = [];
  const state = { until: performance.now() + load.seconds * 1000, failed: 0, example: '' };
  const started = performance.now();
  await Promise.all(Array.from({ length: load.connections }, () => converse(load, latencies, state)));
  const seconds = (performance.now() - started) / 1000;
  if (state.failed > 0) console.warn(`${state.failed} answers were not 200, such as: ${state.example}`);
  latencies.sort((a, b) => a - b);
  const at = (share: number) => latencies[Math.floor(latencies.length * share)] ?? Number.NaN;
  return { perSecond: latencies.length / seconds, p50: at(0.5), p99: at(0.99), failed: state.failed };
}

function converse(
  { port, path, next }: Load,
  latencies: number[],
  state: { until: number; failed: number; example: string },
): Promise<void> {
  const head = `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nAuthorization: Bearer `;
  return new Promise((resolve, reject) => {
    const socket = net.connect({ port, host: '127.0.0.1', noDelay: true });
    let sentAt = 0;
    let received = '';
    const send = () => {
      const { token, key, body } = next();
      sentAt = performance.now();
      socket.write(
        `${head}${token}\r\nIdempotency-Key: ${key}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
      );
    };
    socket.setEncoding('latin1').on('error', reject).on('close', resolve).on('connect', send);
    socket.on('data', (chunk: string) => {
      received += chunk;
      if (!isComplete(received)) return;
      const now = performance.now();
      latencies.push(now - sentAt);
      if (!received.startsWith('HTTP/1.1 200')) {
        state.failed += 1;
        state.example = received;
      }
      received = '';
      if (now < state.until) send();
      else socket.end();
    });
  });
}

/** Both sides of the comparison answer with a Content-Length. */
function isComplete(answer: string): boolean {
  const end = answer.indexOf('\r\n\r\n');
  if (end === -1) return false;
  const length = /\r\ncontent-length: (\d+)/i.exec(answer.slice(0, end))?.[1];
  return length !== undefined && answer.length >= end + 4 + Number(length);
}
