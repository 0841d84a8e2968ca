# python-binary-memcached compresses a value of 20000 bytes, with a time to live
import os

import bmemcached

client = bmemcached.Client([os.environ["SERVER"]])
value = "something that is said again and again, " * 500
assert client.set("ns__long", value, time=3600, compress_level=9)
assert client.get("ns__long") == value
client.disconnect_all()
