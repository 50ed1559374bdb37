import { expect } from 'chai';
import express from 'express';
import { addressOf } from '../../src/kit/http/rate-limit.ts';

describe('the address that a limit counts', () => {
  for (const [ip, counted] of [
    ['203.0.113.7', '203.0.113.7'],
    ['::ffff:203.0.113.7', '::ffff:203.0.113.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:1:2::9', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
  ] as const) {
    it(`of ${ip} is ${counted}`, () => {
      const req = Object.create(express.request, { ip: { value: ip } }) as express.Request;
      expect(addressOf(req)).to.equal(counted);
    });
  }
});
