import net from 'node:net';

const loopback = new net.BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/** Tests talk to this machine only: whatever else is dialled is a mistake, and fails loudly instead of slowly. */
function isLoopback(host: string): boolean {
  if (host === 'localhost' || host.endsWith('.localhost')) return true;
  const family = net.isIP(host);
  return family !== 0 && loopback.check(host, family === 6 ? 'ipv6' : 'ipv4');
}

/** Where a call of `connect` goes; undefined for a socket in the file system. */
function hostOf(args: readonly unknown[]): string | undefined {
  // Node hands its own connections over as one array of normalized arguments.
  const [first, second] = Array.isArray(args[0]) ? (args[0] as unknown[]) : args;
  if (typeof first === 'object' && first !== null) {
    if ('path' in first && typeof first.path === 'string') return undefined;
    return 'host' in first && typeof first.host === 'string' ? first.host : 'localhost';
  }
  if (typeof first === 'string' && Number.isNaN(Number(first))) return undefined;
  return typeof second === 'string' ? second : 'localhost';
}

type Connect = (this: net.Socket, ...args: unknown[]) => net.Socket;
const sockets = net.Socket.prototype as unknown as { connect: Connect };
const original = sockets.connect;

sockets.connect = function guarded(this: net.Socket, ...args: unknown[]): net.Socket {
  const host = hostOf(args);
  if (host === undefined || isLoopback(host)) return original.apply(this, args);
  const refusal = Object.assign(new Error(`tests may not reach ${host}: only loopback is open`), {
    code: 'ECONNREFUSED',
  });
  process.nextTick(() => this.destroy(refusal));
  return this;
};
