<?php
# php-memcached stores, gets, adds, replaces, appends and deletes values of several types
$client = new Memcached();
$client->setOption(Memcached::OPT_BINARY_PROTOCOL, true);
$client->addServer(getenv('SERVER'), 0);
foreach (['text', 12345, 1.5, true, ['a' => 'list']] as $value) {
    $client->set('ns__k', $value) or exit(1);
    $client->get('ns__k') === $value or exit(2);
}
$client->get('ns__none') === false && $client->getResultCode() == Memcached::RES_NOTFOUND or exit(3);
$client->setOption(Memcached::OPT_COMPRESSION, false);
$client->add('ns__new', '1') && !$client->add('ns__new', '2') or exit(4);
$client->replace('ns__new', '3') && !$client->replace('ns__none', '4') or exit(5);
$client->append('ns__new', 'after') && $client->prepend('ns__new', 'before') or exit(6);
$client->get('ns__new') === 'before3after' or exit(7);
$client->delete('ns__new') && !$client->delete('ns__new') or exit(8);
$client->quit();
