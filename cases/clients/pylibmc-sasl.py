# pylibmc authenticates with SASL before its first command
# server refserver-sasl
# listen tcp
import os

import pylibmc

client = pylibmc.Client([os.environ["SERVER"]], binary=True, username="user", password="secret")
assert client.set("ns__k", b"v")
assert client.get("ns__k") == b"v"
