# python-binary-memcached authenticates with SASL, and is refused with another password
# server refserver-sasl
import os

import bmemcached
from bmemcached.exceptions import MemcachedException

client = bmemcached.Client([os.environ["SERVER"]], "user", "secret")
assert client.set("ns__k", "v")
assert client.get("ns__k") == "v"
client.disconnect_all()
other = bmemcached.Client([os.environ["SERVER"]], "user", "wrong")
try:
    other.get("ns__k")
    raise AssertionError("was let in")
except MemcachedException:
    pass
other.disconnect_all()
