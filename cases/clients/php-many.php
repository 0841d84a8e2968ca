<?php
# php-memcached stores, gets and deletes many keys with one call each, and gets with CAS
$client = new Memcached();
$client->setOption(Memcached::OPT_BINARY_PROTOCOL, true);
$client->addServer(getenv('SERVER'), 0);
$values = [];
for ($i = 0; $i < 10; $i++)
    $values["ns__key$i"] = "value $i";
$client->setMulti($values, 3600) or exit(1);
$client->getMulti([...array_keys($values), 'ns__none']) == $values or exit(2);
$item = $client->get('ns__key1', null, Memcached::GET_EXTENDED);
$client->cas($item['cas'], 'ns__key1', 'changed') or exit(3);
$client->cas($item['cas'], 'ns__key1', 'too late') and exit(4);
$client->deleteMulti(array_keys($values)) or exit(5);
$client->quit();
