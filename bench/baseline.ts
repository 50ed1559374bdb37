import { createSecretKey } from 'node:crypto';
import express from 'express';
import jwt from 'jsonwebtoken';

/**
 * What Express costs by itself: it parses the same body, verifies the same token and answers as much. Run as a process
 * of its own; takes the token's secret, says its port.
 */
const key = createSecretKey(Buffer.from(process.argv[2] ?? ''));
const app = express();
app.disable('x-powered-by');
app.use(express.json({ limit: '100kb' }));
app.post('/api/v1/credits/consume', (req, res) => {
  const token = (req.get('Authorization') ?? '').slice('Bearer '.length);
  const { sub } = jwt.verify(token, key, { algorithms: ['HS256'] }) as { sub: string };
  const { amount } = req.body as { amount: number };
  res.json({ transaction_id: sub, amount, balance_after: 0 });
});
const server = app.listen(0, '127.0.0.1', () => {
  process.send?.({ port: (server.address() as { port: number }).port });
});
