// memjs authenticates with SASL when it connects
// listen tcp
// server refserver-sasl
const memjs = require('memjs');
const assert = require('assert');

async function main() {
  const client = memjs.Client.create(`user:secret@${process.env.SERVER}`, {retries: 1});
  assert(await client.set('ns__k', 'v', {}));
  assert.equal((await client.get('ns__k')).value.toString(), 'v');
  client.quit();
}
main().catch(error => { console.error(error); process.exit(1); });
