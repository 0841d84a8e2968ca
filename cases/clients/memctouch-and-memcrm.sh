# memctouch gives an expiry, memcrm deletes; then neither finds the key
printf 'v' > ns__k
memccp --binary --servers="$SERVER" ns__k
memctouch --binary --servers="$SERVER" --expire=3600 ns__k
memcrm --binary --servers="$SERVER" ns__k
memctouch --binary --servers="$SERVER" ns__k || true
memcrm --binary --servers="$SERVER" ns__k || true
