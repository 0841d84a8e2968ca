# memccp and memccat authenticate with SASL before they store and get
# server refserver-sasl
# listen tcp
printf 'v' > ns__k
memccp --binary --servers="$SERVER" --username=user --password=secret ns__k
memccat --binary --servers="$SERVER" --username=user --password=secret ns__k
memccat --binary --servers="$SERVER" --username=user --password=wrong ns__k || true
