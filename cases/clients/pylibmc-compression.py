# pylibmc compresses a value of 50000 bytes, and not a short one
import os

import pylibmc

client = pylibmc.Client([os.environ["SERVER"]], binary=True)
value = b"something that is said again and again, " * 1250
assert client.set("ns__long", value, min_compress_len=1000)
assert client.set("ns__short", value[:100], min_compress_len=1000)
assert client.get("ns__long") == value
assert client.get("ns__short") == value[:100]
