// memjs stores 100000 bytes and gets them back
// listen tcp
const memjs = require('memjs');
const assert = require('assert');

async function main() {
  const client = memjs.Client.create(process.env.SERVER, {retries: 1});
  const value = Buffer.alloc(100000, 'x');
  assert(await client.set('ns__big', value, {}));
  assert((await client.get('ns__big')).value.equals(value));
  client.quit();
}
main().catch(error => { console.error(error); process.exit(1); });
