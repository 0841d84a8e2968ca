<?php
# php-memcached authenticates with SASL before its first command
# server refserver-sasl
# listen tcp
$client = new Memcached();
$client->setOption(Memcached::OPT_BINARY_PROTOCOL, true);
$client->setSaslAuthData('user', 'secret');
[$host, $port] = explode(':', getenv('SERVER'));
$client->addServer($host, (int)$port);
$client->set('ns__k', 'v') && $client->get('ns__k') === 'v' or exit(1);
$client->quit();
