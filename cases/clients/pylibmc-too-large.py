# pylibmc stores the largest round value that fits, and one that does not
import os

import pylibmc

client = pylibmc.Client([os.environ["SERVER"]], binary=True)
assert client.set("ns__big", b"b" * 1000000)
assert client.get("ns__big") == b"b" * 1000000
try:
    client.set("ns__big", b"c" * 1100000)
    raise AssertionError("was stored")
except pylibmc.TooBig:
    pass
