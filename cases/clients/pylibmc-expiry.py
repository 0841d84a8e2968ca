# pylibmc gives keys a time to live, gives one another, and meets one that has expired
import os

import pylibmc

client = pylibmc.Client([os.environ["SERVER"]], binary=True)
client.set("ns__hour", b"v", time=3600)
assert client.touch("ns__hour", 7200)
assert client.get("ns__hour") == b"v"
assert not client.touch("ns__none", 7200)
client.set("ns__past", b"v", time=1000000000)  # a date, as it is more than 30 days
assert client.get("ns__past") is None
