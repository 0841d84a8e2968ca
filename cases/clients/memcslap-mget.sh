# memcslap stores random values and gets many at once
memcslap --binary --servers="$SERVER" --test=mget --concurrency=1 --execute-number=3
