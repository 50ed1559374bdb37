import { expect } from 'chai';
import { createSealer, UnknownKey } from '../../src/kit/crypto.ts';

const [first, second, third] = ['first', 'second', 'third'].map((name) => `the ${name} key, as long as it must be`) as [
  string,
  string,
  string,
];
const secretText = '{"email":"payer@example.com","名":"王"}';

describe('sealed values', () => {
  it('hide what is in them, and are another each time', () => {
    const sealer = createSealer(first);
    const [one, other] = [sealer.seal(secretText), sealer.seal(secretText)];
    expect(one).to.match(/^v1\.[0-9a-f]{8}\.[\w-]{16}\.[\w-]{22}\.[\w-]+$/);
    expect(one).not.to.equal(other);
    expect(Buffer.from(one.split('.')[4] ?? '', 'base64url').toString('utf8')).not.to.contain('payer');
    expect([one, other].map((sealed) => sealer.open(sealed))).to.deep.equal([secretText, secretText]);
    expect(sealer.open(sealer.seal(''))).to.equal('');
  });

  it('made by an earlier Plantain are opened still', () => {
    const sealed =
      'v1.ed941875.erOY4qTqi6v88mVg.tlpDk-JUFHBXPFgYD5i6hw.lTlNlom5lwbb98BbwM-3rE1nQXL5AeFgY_asyfCY3MUhAUHSbSTsswA';
    expect(createSealer(second, [first]).open(sealed)).to.equal(secretText);
  });

  it('are opened with any known key, and made with the current one', () => {
    const old = createSealer(first).seal(secretText);
    const sealer = createSealer(third, [second, first]);
    expect(sealer.open(old)).to.equal(secretText);
    expect(sealer.isCurrent(old)).to.equal(false);
    const fresh = sealer.seal(secretText);
    expect(sealer.isCurrent(fresh)).to.equal(true);
    expect(createSealer(third).open(fresh)).to.equal(secretText);
  });

  it('of a key that is not known say which it is, and nothing of what it was made from', () => {
    const sealer = createSealer(first);
    const open = () => createSealer(second, [third]).open(sealer.seal(secretText));
    expect(open).to.throw(UnknownKey, `sealed with the key ${sealer.keyId}, which is not known`);
    expect(first).not.to.contain(sealer.keyId);
  });

  it('are named as current when their key stands among the former ones too', () => {
    const sealer = createSealer(first, [first, second]);
    expect(sealer.isCurrent(sealer.seal('x'))).to.equal(true);
    expect(sealer.open(sealer.seal('x'))).to.equal('x');
  });

  const part = (index: number, change: (text: string) => string) => (sealed: string) =>
    sealed.split('.').map((text, at) => (at === index ? change(text) : text)).join('.'); // prettier-ignore
  const flip = (text: string) => (text.startsWith('A') ? 'B' : 'A') + text.slice(1);
  const otherKey = createSealer(second).keyId;
  for (const [what, change] of [
    ['another nonce', part(2, flip)],
    ['another tag', part(3, flip)],
    ['a tag cut to the four bytes that GCM allows', part(3, (tag) => Buffer.from(tag, 'base64url').subarray(0, 4).toString('base64url'))],
    ['another byte', part(4, flip)],
    ['a byte less', part(4, (text) => text.slice(0, -2))],
    ['the id of another key', part(1, () => otherKey)],
    ['another version', part(0, () => 'v2')],
    ['more behind it', (sealed: string) => `${sealed}.x`],
    ['nothing', () => ''],
    ['plain text', () => secretText],
  ] as const) {
    it(`with ${what} are not opened`, () => {
      const sealer = createSealer(first, [second]);
      const changed = change(sealer.seal(secretText));
      expect(() => sealer.open(changed)).to.throw();
    });
  } // prettier-ignore
});

describe('blind indexes', () => {
  it('are the same for the same text and key, and otherwise another', () => {
    const sealer = createSealer(first);
    expect(sealer.index('a@example.com')).to.equal(createSealer(first, [second]).index('a@example.com'));
    expect(sealer.index('a@example.com')).to.match(/^v1\.[0-9a-f]{8}\.[\w-]{43}$/);
    const others = [sealer.index('b@example.com'), createSealer(second).index('a@example.com')];
    expect(new Set([sealer.index('a@example.com'), ...others]).size).to.equal(3);
  });

  it('of every known key are looked for, the current one first, and each names its key', () => {
    const sealer = createSealer(third, [second, first]);
    const all = sealer.indexes('a@example.com');
    expect(all).to.deep.equal([third, second, first].map((key) => createSealer(key).index('a@example.com')));
    expect(all.map((index) => sealer.isCurrent(index))).to.deep.equal([true, false, false]);
    expect(createSealer(first, [first]).indexes('x')).to.have.length(1);
  });

  it('stay what they are from one Plantain to the next', () => {
    const index = 'v1.ed941875.gPtZ7Q1BBql2UQXI4hIEsiruKPllUZvY-6-2UstkiXc';
    expect(createSealer(first).index('payer@example.com')).to.equal(index);
  });
});
