# python-binary-memcached stores, gets and deletes many keys with one call each
import os

import bmemcached

client = bmemcached.Client([os.environ["SERVER"]])
values = {f"ns__key{i}": f"value {i}" for i in range(10)}
client.set_multi(values)
assert client.get_multi([*values, "ns__none"]) == values
client.delete_multi(list(values))
assert client.get_multi(list(values)) == {}
client.disconnect_all()
