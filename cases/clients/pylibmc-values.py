# pylibmc stores, gets, adds, replaces, appends and deletes values of several types
import os

import pylibmc

client = pylibmc.Client([os.environ["SERVER"]], binary=True)
for value in b"bytes", "text \u00e9", 12345, True, b"":
    assert client.set("ns__k", value)
    assert client.get("ns__k") == value
assert client.get("ns__none") is None
assert client.add("ns__new", b"1") and not client.add("ns__new", b"2")
assert client.replace("ns__new", b"3")
try:
    client.replace("ns__none", b"4")
    raise AssertionError("was replaced")
except pylibmc.NotFound:
    pass
assert client.append("ns__new", b"after") and client.prepend("ns__new", b"before")
assert client.get("ns__new") == b"before3after"
assert client.delete("ns__new") and not client.delete("ns__new")
