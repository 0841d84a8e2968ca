# dalli gets many keys at once, and stores and deletes quietly
require 'dalli'

client = Dalli::Client.new(ENV['SERVER'])
keys = (0...10).map { |i| "ns__key#{i}" }
client.multi { keys.each { |key| client.set(key, "value of #{key}") } }
found = client.get_multi(*keys, 'ns__none')
found == keys.to_h { |key| [key, "value of #{key}"] } or exit 1
client.multi { keys.each { |key| client.delete(key) } }
client.get_multi(*keys).empty? or exit 2
client.close
