# memcstat asks for the statistics
memcstat --binary --servers="$SERVER"
