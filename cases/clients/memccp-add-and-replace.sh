# memccp with --replace and --add: what is not there, what is there
printf 'v1' > ns__k
memccp --binary --servers="$SERVER" --replace ns__k || true
memccp --binary --servers="$SERVER" --add --expire=3600 ns__k
memccp --binary --servers="$SERVER" --add ns__k || true
memccp --binary --servers="$SERVER" --replace ns__k
memccat --binary --servers="$SERVER" ns__k
