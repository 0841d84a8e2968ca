# memccp stores 200000 bytes, memccat gets them back
head -c 200000 /dev/zero | tr '\0' x > ns__big
memccp --binary --servers="$SERVER" ns__big
memccat --binary --servers="$SERVER" ns__big | tr -d "\n" | cmp - ns__big
