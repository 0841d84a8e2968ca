# memcslap stores random values under random keys on two connections
memcslap --binary --servers="$SERVER" --test=set --concurrency=2 --execute-number=2
