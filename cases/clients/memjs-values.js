// memjs stores, gets, adds, replaces, appends, counts, touches and deletes
// listen tcp
const memjs = require('memjs');
const assert = require('assert');

async function main() {
  const client = memjs.Client.create(process.env.SERVER, {retries: 1});
  const get = async key => { const {value} = await client.get(key); return value && value.toString(); };
  assert(await client.set('ns__k', 'text', {expires: 3600}));
  assert.equal(await get('ns__k'), 'text');
  assert.equal(await get('ns__none'), null);
  assert(await client.add('ns__new', '1', {}));
  assert(!await client.add('ns__new', '2', {}));
  assert(await client.replace('ns__new', '3', {}));
  assert(!await client.replace('ns__none', '4', {}));
  assert(await client.append('ns__new', 'after'));
  assert(await client.prepend('ns__new', 'before'));
  assert.equal(await get('ns__new'), '3afterbefore'); // its prepend sends an append
  assert.equal((await client.increment('ns__n', 5, {initial: 10, expires: 3600})).value, 10);
  assert.equal((await client.increment('ns__n', 5, {})).value, 15);
  assert.equal((await client.decrement('ns__n', 100, {})).value, 0);
  assert(await client.touch('ns__k', 7200));
  assert(!await client.touch('ns__none', 7200));
  assert(await client.delete('ns__new'));
  assert(!await client.delete('ns__new'));
  client.quit();
}
main().catch(error => { console.error(error); process.exit(1); });
