# python-binary-memcached counts, and changes a value by its CAS in time and too late
import os

import bmemcached

client = bmemcached.Client([os.environ["SERVER"]])
assert client.incr("ns__n", 5, default=10) == 10
assert client.incr("ns__n", 5) == 15
assert client.decr("ns__n", 100) == 0
client.set("ns__k", "first")
value, cas = client.gets("ns__k")
assert value == "first"
assert client.cas("ns__k", "second", cas)
assert not client.cas("ns__k", "third", cas)
client.disconnect_all()
