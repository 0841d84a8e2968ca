<?php
# php-memcached counts with a first value, gives another expiry, and compresses a long value
$client = new Memcached();
$client->setOption(Memcached::OPT_BINARY_PROTOCOL, true);
$client->addServer(getenv('SERVER'), 0);
$client->increment('ns__n', 1, 10, 3600) === 10 or exit(1);
$client->increment('ns__n', 5) === 15 or exit(2);
$client->decrement('ns__n', 100) === 0 or exit(3);
$client->touch('ns__n', 7200) && !$client->touch('ns__none', 7200) or exit(4);
$long = str_repeat('something that is said again and again, ', 500);
$client->set('ns__long', $long, 3600) && $client->get('ns__long') === $long or exit(5);
$client->quit();
