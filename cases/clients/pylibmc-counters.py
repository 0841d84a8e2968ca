# pylibmc counts up and down; a counter that is missing, a value that is no number
import os

import pylibmc

client = pylibmc.Client([os.environ["SERVER"]], binary=True)
client.set("ns__n", "41")
assert client.incr("ns__n") == 42
assert client.decr("ns__n", 2) == 40
assert client.decr("ns__n", 100) == 0
client.set("ns__top", str(2**64 - 1))
assert client.incr("ns__top") == 0
for key, value in ("ns__none", None), ("ns__text", "no number"):
    if value:
        client.set(key, value)
    try:
        client.incr(key)
        raise AssertionError(key)
    except pylibmc.Error:
        pass
