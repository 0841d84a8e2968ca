# python-binary-memcached stores, gets, adds, replaces and deletes values of several types
import os

import bmemcached

client = bmemcached.Client([os.environ["SERVER"]])
for value in b"bytes", "text \u00e9", 12345, ["a", "list"]:
    assert client.set("ns__k", value)
    assert client.get("ns__k") == value
assert client.get("ns__none") is None
assert client.add("ns__new", "1") and not client.add("ns__new", "2")
assert client.replace("ns__new", "3") and not client.replace("ns__none", "4")
assert client.get("ns__new") == "3"
assert client.delete("ns__new")
client.delete("ns__new")
client.disconnect_all()
