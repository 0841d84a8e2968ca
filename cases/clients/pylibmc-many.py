# pylibmc stores, gets and deletes many keys with one call each
import os

import pylibmc

client = pylibmc.Client([os.environ["SERVER"]], binary=True)
values = {f"ns__key{i}": b"value %d" % i for i in range(20)}
assert client.set_multi(values) == []
assert client.get_multi([*values, "ns__none", "ns__other"]) == values
assert client.get_multi(["1", "3"], key_prefix="ns__key") == {"1": b"value 1", "3": b"value 3"}
assert client.delete_multi(list(values))
assert client.get_multi(list(values)) == {}
