# dalli counts, changes a value by its CAS, touches and compresses
require 'dalli'
require 'dalli/cas/client'

client = Dalli::Client.new(ENV['SERVER'], compress: true)
client.incr('ns__n', 1, 3600, 10) == 10 or exit 1
client.incr('ns__n', 5) == 15 or exit 2
client.decr('ns__n', 100).zero? or exit 3
client.incr('ns__none').nil? or exit 4
client.set('ns__k', 'first')
client.cas('ns__k') { |value| "#{value} and second" } or exit 5
client.get('ns__k') == 'first and second' or exit 6
client.touch('ns__k', 7200) && client.touch('ns__none', 7200).nil? or exit 7
client.gat('ns__k', 3600) == 'first and second' or exit 8
long = 'something that is said again and again, ' * 500
client.set('ns__long', long) && client.get('ns__long') == long or exit 9
client.close
