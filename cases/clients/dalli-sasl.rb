# dalli authenticates with SASL when it connects
# server refserver-sasl
require 'dalli'

client = Dalli::Client.new(ENV['SERVER'], username: 'user', password: 'secret')
client.set('ns__k', 'v') && client.get('ns__k') == 'v' or exit 1
client.close
