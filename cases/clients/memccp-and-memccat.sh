# memccp stores two files, memccat prints them and asks for one that is not there
printf 'one line\n' > ns__first
printf 'another\nline\n' > ns__second
memccp --binary --servers="$SERVER" --flag=7 ns__first ns__second
memccat --binary --servers="$SERVER" --flags ns__first ns__second
memccat --binary --servers="$SERVER" ns__none || true
