# pylibmc changes a value by its CAS: once in time, once too late, and one that is not there
import os

import pylibmc

client = pylibmc.Client([os.environ["SERVER"]], binary=True, behaviors={"cas": True})
client.set("ns__k", b"first")
value, cas = client.gets("ns__k")
assert value == b"first"
assert client.cas("ns__k", b"second", cas)
assert not client.cas("ns__k", b"third", cas)
assert client.get("ns__k") == b"second"
assert client.gets("ns__none") == (None, None)
